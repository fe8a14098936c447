"""What the bridge does: picking up, following, ending, and what it costs the database."""
