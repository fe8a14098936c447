"""Measurements on real servers: each module is a command that prints one table."""
