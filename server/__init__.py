"""The central server: database, DICOM archive, workflows and the doors to them."""

from shared.release import VERSION as __version__

__all__ = ["__version__"]
