"""Workflows of jobs in Temporal: start, describe, cancel, follow, inspect."""
