"""Audit on screen: what changed since it was submitted, editions and signatures, many reports, one's own signature."""
