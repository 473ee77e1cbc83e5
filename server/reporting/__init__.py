"""Reports on exams: the diagnosis list, reports with lock, versions and audit, templates; knows no door."""
