"""Registrations are read back by themselves and kept: on the server, or beside the program for files. No Qt.

Spatial Registration objects of a study are read as well: our own count where nothing newer is kept, others are offered.
Everything here blocks and is called off the GUI thread.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import msgspec

from clients.kit.settings import data_folder, write_atomically
from clients.viewer.loading import SourceFailed
from clients.viewer.registration.book import Entry, Origin, entry_from, kept_of
from shared.contract.registration import (
    MOST_STUDIES,
    ClearRegistration,
    KeptRegistration,
    ListRegistrations,
    RegistrationSide,
    RegistrationView,
    SaveRegistration,
    pair_of,
)
from shared.dicomkit.spatial_registration import SOP_CLASS

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from clients.viewer.study import StudyDescription

log = logging.getLogger(__name__)

MOST_OBJECTS = 20
OUR_MAKER = "Mingjing"


@runtime_checkable
class Server(Protocol):
    """A source of studies that can keep registrations; safe from any thread."""

    def call(self, request: object) -> object:
        """Raises RpcError."""


class LocalRecord(msgspec.Struct, kw_only=True):
    """The newest registration of a pair on this computer; ``kept`` None: cleared then."""

    saved_at: str
    kept: KeptRegistration | None


@dataclass(frozen=True, slots=True)
class Found:
    """What is known when studies are opened."""

    kept: tuple[Entry, ...]  # to be used by themselves
    offered: tuple[Entry, ...]  # for the reader to choose


class Keeping:
    """Where registrations of the open studies are kept. ``source`` is the source of studies."""

    def __init__(self, source: object, folder: Path | None = None) -> None:
        self._source = source
        self._folder = (folder or data_folder()) / "registrations"

    @property
    def server(self) -> Server | None:
        return self._source if isinstance(self._source, Server) else None

    def find(self, studies: Sequence[StudyDescription]) -> Found:
        """Everything that speaks of pairs of series in these studies. Raises RpcError."""
        sides = [
            RegistrationSide(
                study_uid=study.study_uid,
                series_uid=series.series_uid,
                frame_of_reference_uid=series.frame_of_reference_uid,
            )
            for study in studies
            for series in study.series
        ]
        objects = _newest(self._objects(studies, sides))
        if self.server is not None:
            return Found(tuple(self._of_server(self.server, studies)), tuple(objects))
        kept: dict[str, Entry] = {}
        for entry in [one for one in objects if one.origin is Origin.READ]:
            record = self._record(entry.pair)
            if record is None or record.saved_at < entry.made:
                kept.setdefault(entry.pair, entry)
        for n, side in enumerate(sides):
            for other in sides[n + 1 :]:
                record = self._record(pair_of(side, other))
                entry_kept = record.kept if record is not None else None
                if record is not None and entry_kept is not None and pair_of(side, other) not in kept:
                    read = entry_from(entry_kept, made=record.saved_at)
                    if read is not None:
                        kept[read.pair] = read
        return Found(tuple(kept.values()), tuple(objects))

    def _of_server(self, server: Server, studies: Sequence[StudyDescription]) -> list[Entry]:
        asked = ListRegistrations(study_uids=tuple(study.study_uid for study in studies)[:MOST_STUDIES])
        views: tuple[RegistrationView, ...] = server.call(asked)  # type: ignore[assignment]
        entries = [
            entry_from(view.kept, author=view.author_name, made=view.saved_at.astimezone().isoformat()[:19])
            for view in views
            if view.kept is not None
        ]
        return [entry for entry in entries if entry is not None]

    # --- changing

    def save(self, entry: Entry) -> None:
        """Keep the newest of a pair. Raises RpcError, OSError."""
        kept = kept_of(entry)
        if self.server is not None:
            self.server.call(SaveRegistration(kept=kept))
        else:
            self._write(entry.pair, kept)

    def clear(self, fixed: RegistrationSide, moving: RegistrationSide) -> None:
        """Nothing of the pair is applied by itself any more. Raises RpcError, OSError."""
        if self.server is not None:
            self.server.call(ClearRegistration(fixed=fixed, moving=moving))
        else:
            self._write(pair_of(fixed, moving), None)

    def _path(self, pair: str) -> Path:
        return self._folder / (hashlib.sha256(pair.encode()).hexdigest()[:32] + ".json")

    def _record(self, pair: str) -> LocalRecord | None:
        try:
            return msgspec.json.decode(self._path(pair).read_bytes(), type=LocalRecord)
        except (OSError, msgspec.DecodeError):
            return None

    def _write(self, pair: str, kept: KeptRegistration | None) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        record = LocalRecord(saved_at=dt.datetime.now().isoformat(timespec="seconds"), kept=kept)
        write_atomically(self._path(pair), msgspec.json.encode(record))

    # --- objects of the studies

    def _objects(self, studies: Sequence[StudyDescription], sides: Sequence[RegistrationSide]) -> list[Entry]:
        fetch: Callable[[str], Any] | None = getattr(self._source, "object", None)
        if fetch is None:
            return []
        images = {
            image.sop_instance_uid: series.series_uid
            for study in studies
            for series in study.series
            for image in series.images
        }
        found: list[Entry] = []
        objects = [one for study in studies for one in study.objects if one.sop_class_uid == SOP_CLASS]
        for one in objects[-MOST_OBJECTS:]:
            try:
                found += entries_in(fetch(one.sop_instance_uid).header, sides, images)
            except (SourceFailed, ValueError) as error:
                log.info("a registration object is of no use: %s", error)
        return found


def entries_in(ds: Dataset, sides: Sequence[RegistrationSide], images: dict[str, str]) -> list[Entry]:
    """The registrations of an object between two of ``sides``; raises ValueError when it cannot be read.

    ``images`` says to which series an image belongs: items that share a frame of reference are told apart by them.
    """
    import numpy as np

    from shared.dicomkit.spatial_registration import read_spatial_registration
    from shared.imaging.registration import RigidTransform

    said = read_spatial_registration(ds)
    author = str(ds.get("ContentCreatorName", "") or "").split("=")[-1].replace("^", " ").strip()
    made = _moment(str(ds.get("ContentDate", "") or ""), str(ds.get("ContentTime", "") or ""))
    origin = Origin.READ if str(ds.get("Manufacturer", "") or "") == OUR_MAKER else Origin.FOREIGN
    placed = []
    for item in said.items:
        series = {images[image.sop_uid] for image in item.images if image.sop_uid in images}
        matching = [
            side
            for side in sides
            if (side.series_uid in series if series else side.frame_of_reference_uid == item.frame_of_reference_uid)
        ]
        if matching:
            placed.append((matching[0], item.matrix))
    spaces = {item.frame_of_reference_uid for item in said.items}
    if said.frame_of_reference_uid not in spaces:
        placed += [(s, np.eye(4)) for s in sides if s.frame_of_reference_uid == said.frame_of_reference_uid][:1]
    entries = []
    for n, (fixed, to_registered) in enumerate(placed):
        for moving, other in placed[n + 1 :]:
            if moving.series_uid == fixed.series_uid:
                continue
            try:
                transform = RigidTransform.from_matrix(np.linalg.inv(other) @ to_registered)
            except ValueError:
                continue
            entries.append(Entry(fixed, moving, transform, origin, author=author or _maker(ds), made=made))
    return entries


def _newest(entries: Sequence[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda one: one.made, reverse=True)


def _maker(ds: Dataset) -> str:
    return str(ds.get("Manufacturer", "") or "")[:40]


def _moment(date: str, time: str) -> str:
    if len(date) != 8 or not date.isdigit():
        return ""
    clock = (time.split(".", maxsplit=1)[0] + "000000")[:6]
    if not clock.isdigit():
        clock = "000000"
    return f"{date[:4]}-{date[4:6]}-{date[6:]}T{clock[:2]}:{clock[2:4]}:{clock[4:6]}"
