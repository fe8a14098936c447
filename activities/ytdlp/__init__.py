"""yt-dlp as a supervised child: command, run, output, errors."""
