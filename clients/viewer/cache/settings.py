"""Whether and how much is kept on the disk (VW-SET-18, VW-SET-19), among the settings of the desk."""

from __future__ import annotations

from dataclasses import dataclass

from clients.kit.settings import UserSettings

LOAD_ALL = "viewer/load_all_series"
ENABLED, LIMIT_MB = "viewer/cache/enabled", "viewer/cache/limit_mb"
DEFAULT_LIMIT_MB = 10_000
LEAST_LIMIT_MB = 200


@dataclass(frozen=True, slots=True)
class CacheSettings:
    """``limit_mb`` counts millions of bytes."""

    enabled: bool = True
    limit_mb: int = DEFAULT_LIMIT_MB

    @classmethod
    def read(cls, settings: UserSettings) -> CacheSettings:
        """What was set, defaults for nonsense."""
        enabled, limit = settings.get(ENABLED, True), settings.get(LIMIT_MB, DEFAULT_LIMIT_MB)
        sound = isinstance(limit, int) and not isinstance(limit, bool) and limit >= LEAST_LIMIT_MB
        return cls(enabled is not False, limit if sound else DEFAULT_LIMIT_MB)

    def write(self, settings: UserSettings) -> None:
        """Remember it for the next start."""
        settings.set(ENABLED, self.enabled)
        settings.set(LIMIT_MB, max(self.limit_mb, LEAST_LIMIT_MB))


@dataclass(frozen=True, slots=True)
class LoadSettings:
    """Whether all series are loaded in full (VW-SET-22)."""

    load_all: bool = True

    @classmethod
    def read(cls, settings: UserSettings) -> LoadSettings:
        return cls(settings.get(LOAD_ALL, True) is not False)

    def write(self, settings: UserSettings) -> None:
        settings.set(LOAD_ALL, self.load_all)
