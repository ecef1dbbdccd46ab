"""The API's own documentation: reading it, and comparing it with what the package takes for known."""
