"""Links as people paste them: redirects, share links, and what came in place of a media file."""
