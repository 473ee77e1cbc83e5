"""ECG traces: read, measured, checked, kept as received, as compact record and as DICOM object."""
