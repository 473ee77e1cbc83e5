"""Remarks (备注) on a report."""
