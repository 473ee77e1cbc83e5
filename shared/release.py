"""The release: one number for server, workstations and packages (`pyproject.toml` has the same)."""

VERSION = "0.1.0"
