"""Hanging protocols: kept for a reader or for everybody; what headers say that decides the hanging."""
