"""A fresh hospital for each test."""

from tests.hospital import hospital, small_hospital

__all__ = ["hospital", "small_hospital"]
