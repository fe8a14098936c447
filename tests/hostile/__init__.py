"""Everything a stranger may try, in one table: `python -m tests.hostile`."""
