"""The DICOM elements of the shown image, to be read and searched (VW-META-01)."""
