"""What commands show of a job: its row, its story, its diagnosis, its bar."""
