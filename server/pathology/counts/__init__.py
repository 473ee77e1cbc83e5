"""Cells counted on pictures: kept with the picture, one count for each marker (PA-ANA-03)."""
