"""The DICOM door: our own upper layer (PS3.8) and DIMSE services (PS3.7, PS3.4) over ports that the areas
implement."""
