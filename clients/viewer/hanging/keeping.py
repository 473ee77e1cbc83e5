"""Where protocols are kept: on the server (they roam with the account), and as DICOM files at this desk. No Qt."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from typing import Protocol as Shape

import msgspec

from clients.kit.translations import tr
from clients.viewer.loading import FrameSource
from clients.viewer.study import StudyDescription
from shared.contract.base import Request
from shared.contract.errors import RpcError
from shared.contract.hanging import (
    MOST_STUDIES,
    SITE,
    USER,
    DeleteProtocol,
    DescribeForHanging,
    KeptProtocol,
    ListProtocols,
    Protocol,
    SaveProtocol,
    StudyTexts,
)
from shared.dicomkit.hanging_facts import PROJECTIONS, texts_of
from shared.dicomkit.hanging_protocol import hanging_object
from shared.dicomkit.hanging_reading import NotHanging, ReadProtocol, read_protocol

log = logging.getLogger(__name__)
MOST_FILES, LARGEST_FILE = 400, 4 << 20
MOST_HEADERS = 64


class Asks(Shape):
    """A source with a server behind it."""

    def call(self, request: Request[Any]) -> Any: ...


@dataclass(frozen=True, slots=True)
class Kept:
    """A protocol with its place: ``id`` and ``version`` of the server, or a file."""

    protocol: Protocol
    id: int = 0
    version: int = 0
    path: Path | None = None
    owner: str = ""


class Folder:
    """Protocols as DICOM files of this desk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def listed(self) -> list[Kept]:
        """All that can be read; what cannot is logged and left alone."""
        found = []
        for path in sorted(self._folder.glob("*.dcm"))[:MOST_FILES]:
            try:
                found.append(Kept(read_file(path).protocol, path=path))
            except (NotHanging, OSError) as error:
                log.warning("a hanging protocol cannot be read: %s", error)
        return found

    def save(self, protocol: Protocol) -> Kept:
        """Write or replace. Raises OSError, ValueError."""
        path = self._folder / f"{protocol.uid}.dcm"
        write_file(protocol, path)
        return Kept(protocol, path=path)

    def delete(self, kept: Kept) -> None:
        if kept.path is not None:
            kept.path.unlink(missing_ok=True)


class Server:
    """Protocols on the server; for threads other than that of the windows. Raises RpcError."""

    def __init__(self, source: Asks) -> None:
        self._source = source

    def listed(self) -> list[Kept]:
        views: Sequence[KeptProtocol] = self._source.call(ListProtocols())
        return [_of_view(view) for view in views]

    def save(self, protocol: Protocol, version: int) -> Kept:
        return _of_view(self._source.call(SaveProtocol(protocol=protocol, version=version)))

    def delete(self, kept: Kept) -> None:
        self._source.call(DeleteProtocol(id=kept.id, version=kept.version))

    def newest(self, modality: str, count: int = MOST_STUDIES) -> Sequence[StudyTexts]:
        """Facts of the newest studies of a modality."""
        found: Sequence[StudyTexts] = self._source.call(DescribeForHanging(newest=count, modality=modality))
        return found

    def texts(self, study_uid: str) -> Sequence[StudyTexts]:
        found: Sequence[StudyTexts] = self._source.call(DescribeForHanging(study_uids=(study_uid,)))
        return found


def _of_view(view: KeptProtocol) -> Kept:
    level = USER if view.is_mine else SITE
    protocol = msgspec.structs.replace(view.protocol, level=level)
    return Kept(protocol, view.id, view.version, owner=view.owner_name)


def server_of(source: FrameSource | None) -> Server | None:
    """The server behind a source of studies; None without one."""
    return Server(source) if source is not None and callable(getattr(source, "call", None)) else None  # type: ignore[arg-type]


# --- headers of what is opened


def learn(source: FrameSource, study: StudyDescription) -> dict[str, dict[str, str]]:
    """What headers of a study say, by SOP Instance UID; nothing where they cannot be had. Never raises.

    Called in the background between the description of a study and its showing: one question to the server, or one
    header of each series of local files.
    """
    server = server_of(source)
    try:
        if server is not None:
            told = server.texts(study.study_uid)
            return {image.sop_instance_uid: image.texts for s in told for series in s.series for image in series.images}
        fetch: Callable[[str], Any] | None = getattr(source, "object", None)
        return _learn_from_files(fetch, study) if fetch is not None else {}
    except RpcError as error:
        log.info("the server does not describe a study for hanging: %s", error)
    except Exception:  # an odd header must not keep a study from opening
        log.warning("headers cannot be read for hanging", exc_info=True)
    return {}


def _learn_from_files(fetch: Callable[[str], Any], study: StudyDescription) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for series in study.series:
        images = series.images
        read = images[:MOST_HEADERS] if series.modality in PROJECTIONS else images[len(images) // 2 :][:1]
        for image in read:
            if len(found) < 4 * MOST_HEADERS:
                found[image.sop_instance_uid] = texts_of(fetch(image.sop_instance_uid).header)
    return found


# --- files


def write_file(protocol: Protocol, path: Path) -> None:
    """Write a protocol as DICOM. Raises OSError, ValueError."""
    from io import BytesIO

    from clients.kit.settings import write_atomically

    made = hanging_object(protocol, dt.datetime.now())
    buffer = BytesIO()
    made.save_as(buffer, enforce_file_format=True)
    write_atomically(path, buffer.getvalue())


def read_file(path: Path) -> ReadProtocol:
    """A protocol out of a DICOM file. Raises NotHanging, OSError."""
    import pydicom

    if path.stat().st_size > LARGEST_FILE:
        raise NotHanging(tr("这个文件太大，不是挂片方案。"))
    try:
        return read_protocol(pydicom.dcmread(path))
    except NotHanging as error:
        raise NotHanging(tr(str(error))) from error
    except Exception as error:
        raise NotHanging(tr("这个文件不是 DICOM 挂片方案。")) from error
