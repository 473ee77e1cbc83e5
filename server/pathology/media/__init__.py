"""Pictures, video and voice of cases: durable uploads, marks and order, calibrations, objects for the archive."""
