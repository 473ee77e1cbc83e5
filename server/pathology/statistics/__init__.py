"""Queries, statistics, quality indicators and the register book: reads what the rooms of pathology wrote."""
