"""The small hospital of tests/hospital.py."""

from tests.hospital import hospital, small_hospital

__all__ = ["hospital", "small_hospital"]
