"""Search over the coded values of approved reports."""
