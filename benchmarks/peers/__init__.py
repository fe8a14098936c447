"""The same work through other systems. Runs in an environment of its own, and imports nothing of audioprep."""
