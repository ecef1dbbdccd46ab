"""Getting a message to a person exactly once."""
