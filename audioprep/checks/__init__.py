"""`audioprep check`: is everything there that the settings name? Each finding says what to do when it is not."""
