"""Side effects: child processes, storage, decoding. Every activity is idempotent and reads its input from storage."""
