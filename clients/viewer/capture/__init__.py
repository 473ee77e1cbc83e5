"""Saving a picture: a frame dragged by hand, to a file, the clipboard or the report (VW-CAP-01)."""
