"""What workers do: saves and ingests, their memory, their start."""
