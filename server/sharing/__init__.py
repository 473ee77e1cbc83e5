"""Shared links: an exam shown by a link that ends, may have a password, and can be revoked (VW-SHR, VW-EX-13)."""
