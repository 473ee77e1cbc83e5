"""Stitching of projection images: long legs and spines as one picture."""
