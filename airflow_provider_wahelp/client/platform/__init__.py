"""What the platform does beside messages of one to one: mailings, contacts, templates."""
