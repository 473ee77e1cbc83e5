"""Schedules, calendar, slot rules, first-free search, moved and missed appointments."""
