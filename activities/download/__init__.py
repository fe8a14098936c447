"""Downloads: of one URL, limits per host, the address policy (SSRF), and the egress proxy that holds yt-dlp to it."""
