"""The central server: database, DICOM archive, workflows and the doors to them."""

__version__ = "0.1.0"
