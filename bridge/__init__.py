"""Turso <-> Temporal: keeps every row of the jobs table true. Knows no activity and no workflow, only their names."""
