"""Marks of readers on images: kept for each author, made into presentation states and reports of the archive."""
