"""Images to files: DICOM with a directory, pictures, films (VW-DL-01)."""
