"""Referral of exams to another organisation of the platform, and its answer."""
