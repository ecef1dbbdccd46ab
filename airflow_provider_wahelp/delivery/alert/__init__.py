"""Sending an alert to each of its recipients, once."""
