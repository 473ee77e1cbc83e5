"""Patients as the hospital knows them: numbers, search, duplicates, links."""
