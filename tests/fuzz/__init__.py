"""Random input for everything that reads what strangers wrote: `python -m tests.fuzz --seconds 60`."""
