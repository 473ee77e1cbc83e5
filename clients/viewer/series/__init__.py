"""New series out of the images of others, in this window only (VW-SER)."""
