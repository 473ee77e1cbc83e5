"""The dictionary of diagnostic terms: standard, of hospitals, personal."""
