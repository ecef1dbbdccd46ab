"""How many messages may go, how fast, and to whom: counted by all who share a state."""
