"""What tasks share: in a directory of the host, or in a Redis or PostgreSQL that all hosts reach."""
