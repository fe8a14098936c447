"""Child processes: spawned, limited, supervised, terminated, measured."""
