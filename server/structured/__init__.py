"""Structured reports: templates with versions, their MRRT files, and the coded values of filled forms."""
