"""A job type added to audioprep from outside: `silence-map`, where a recording is silent."""
