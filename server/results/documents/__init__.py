"""The documents that results are: each module writes one standard from a snapshot; pure."""
