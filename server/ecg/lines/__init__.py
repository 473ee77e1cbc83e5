"""Thin lines: how the stations' queues stand, and vendors' files that follow their records."""
