"""Queries, statistics, quality indicators and the register book at the workstation."""
