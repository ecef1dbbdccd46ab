"""A text of their own to each of many people, once."""
