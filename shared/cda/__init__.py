"""HL7 CDA R2 imaging reports (DICOM PS3.20): a value type in, an XML document out; knows neither server nor files."""
