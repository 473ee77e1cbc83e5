"""Measurements and annotations: what readers draw, what it measures, where it is kept."""
