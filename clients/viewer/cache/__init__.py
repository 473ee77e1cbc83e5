"""Frames kept on this machine's disk, encrypted, so that an exam seen before (or coming next) opens at once."""

from clients.viewer.cache.disk import DiskCache
from clients.viewer.cache.none import NoCache
from clients.viewer.cache.ports import FrameCache, Item, Kept
from clients.viewer.cache.settings import CacheSettings, LoadSettings

__all__ = ["CacheSettings", "DiskCache", "FrameCache", "Item", "Kept", "LoadSettings", "NoCache"]
