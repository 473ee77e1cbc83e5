"""API tokens: programs that read from and store into the archive over the web."""
