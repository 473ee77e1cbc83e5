"""The earlier exams of the patient: listed, added to the series bar, compared (VW-HIS)."""
