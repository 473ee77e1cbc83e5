"""Files and media into the archive, studies out of it, and both without names; knows no door."""
