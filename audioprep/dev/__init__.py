"""The development stack on one machine: its Temporal server, and the file by which commands find it."""
