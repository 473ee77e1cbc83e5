"""Alarms of the checker beside the report: found while the doctor writes, explained, set aside with a reason."""
