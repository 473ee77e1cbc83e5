"""Opinions and reports of pathology cases."""
