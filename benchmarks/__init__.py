"""What the provider costs, measured against servers on this machine."""
