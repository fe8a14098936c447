"""The built-in job types: their metadata, results, and what they hold."""
