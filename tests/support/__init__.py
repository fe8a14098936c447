"""What tests share: real servers, a web app that knows only the table, made audio, waiting with a deadline."""
