"""Text from other programs: redacted, escaped, shortened, and shown."""
