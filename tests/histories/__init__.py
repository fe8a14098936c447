"""Recorded histories, and how they are recorded."""
