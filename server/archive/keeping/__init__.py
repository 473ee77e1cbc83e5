"""Keeps images for decades: recycle bin, retention, compression, backup and restore."""
