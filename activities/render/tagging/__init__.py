"""Tags and cover of the files of a save."""
