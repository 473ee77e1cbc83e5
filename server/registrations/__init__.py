"""Registrations and stitched pictures: what readers made of images, kept and stored as objects of the archive."""
