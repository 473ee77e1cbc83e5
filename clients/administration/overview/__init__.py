"""The first page: how the archive is, and what needs a person."""
