"""Pathology: a room (sub-package) for each part of the work; one calls another's service, never its tables."""
