"""Jobs claimed and not final: what is known of each, how they are followed, and how many there may be."""
