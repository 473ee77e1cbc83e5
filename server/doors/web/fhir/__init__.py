"""FHIR R4 for reading approved reports; knows no area, see ports.py."""
