"""From a recipe to sound: sources, filter graph, loudness, mastering, encoding."""
