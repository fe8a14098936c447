"""Test double of bridge and worker: rows pass through their real states without Temporal, ffmpeg or yt-dlp."""
