"""Results of approved reports: made by jobs from what was approved, kept in the archive, sent to hospital systems."""
