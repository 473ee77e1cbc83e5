"""The features of the viewer, in the order in which their buttons stand."""

from __future__ import annotations

import importlib

from clients.viewer.desk import Feature

FEATURES: tuple[str, ...] = (
    "clients.viewer.reading.feature:ReadingFeature",
    "clients.viewer.pointing.feature:PointingFeature",
    "clients.viewer.screens.feature:ScreensFeature",
    "clients.viewer.capture.feature:CaptureFeature",
    "clients.viewer.marks.feature:MarksFeature",
    "clients.viewer.volume.feature:VolumeFeature",
    "clients.viewer.vr.feature:VrFeature",
    "clients.viewer.objects.feature:ObjectsFeature",
    "clients.viewer.registration.feature:RegistrationFeature",
    "clients.viewer.stitching.feature:StitchingFeature",
    "clients.viewer.cache.feature:LoadingFeature",
    "clients.viewer.settings.feature:SettingsFeature",
    "clients.viewer.tags.feature:TagsFeature",
    "clients.viewer.preview.feature:PreviewFeature",
    "clients.viewer.history.feature:HistoryFeature",
    "clients.viewer.download.feature:DownloadFeature",
    "clients.viewer.series.feature:SeriesFeature",
    "clients.viewer.sharing.feature:SharingFeature",
    "clients.viewer.web.feature:WebFeature",
    "clients.viewer.help.feature:HelpFeature",
    "clients.viewer.hanging.feature:HangingFeature",
    "clients.viewer.film.feature:FilmFeature",
)
"""``module:Class`` of each feature, one line each."""


def load_features(names: tuple[str, ...] = FEATURES) -> tuple[Feature, ...]:
    """One object of each feature."""
    made = []
    for name in names:
        module, _, kind = name.partition(":")
        feature = getattr(importlib.import_module(module), kind)()
        assert isinstance(feature, Feature), f"{name} is no feature"
        made.append(feature)
    return tuple(made)
