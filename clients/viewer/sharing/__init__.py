"""Sharing an exam by a QR code (VW-SHR-01)."""
