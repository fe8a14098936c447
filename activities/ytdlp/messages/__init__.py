"""What yt-dlp says when it fails: its stderr parsed, and tables of what its messages mean."""
