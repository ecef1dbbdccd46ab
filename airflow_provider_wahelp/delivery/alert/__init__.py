"""Telling people what happened in a DAG, once."""
