"""The archive: receives images, keeps them for thirty years, finds them again."""
