"""Faults that can be switched on: what networks, proxies and the platform itself do wrong."""
