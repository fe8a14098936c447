"""Meters of our own beside ffmpeg's: true peak of a WAV file, loudness over time."""
