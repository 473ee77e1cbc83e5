"""The central server: database, DICOM archive, workflows and the doors to them."""
