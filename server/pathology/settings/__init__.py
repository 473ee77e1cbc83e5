"""Accounts of the department with their rights, and designs of its reports (PA-USER, PA-RPT-08)."""
