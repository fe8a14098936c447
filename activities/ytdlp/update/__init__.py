"""Newer versions of yt-dlp for a worker that runs: from a package index, checked by hash, tried before use."""
