"""ffmpeg and ffprobe as supervised children: commands, probing, decoding, extraction."""
