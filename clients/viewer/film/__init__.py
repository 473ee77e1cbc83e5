"""Films: composing, printing by DICOM through the server, export, paper (VW-PRT)."""
