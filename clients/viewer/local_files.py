"""Files and folders as a source of studies: no server, no network; for tests and "open a folder"."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from clients.kit.translations import tr
from clients.viewer.loading import Arrived, SourceFailed
from clients.viewer.sentences import sentence_of
from clients.viewer.study import FrameKey, SeriesDescription, StudyDescription
from shared.imaging.codecs import UndecodableFrame
from shared.imaging.frames import Part10, UnreadableFile
from shared.imaging.header import ImageHeader, image_header, text_of

log = logging.getLogger(__name__)

OPEN_FILES = 64


class LocalFiles:
    """DICOM files below some paths. ``skipped`` counts files that were no readable images."""

    batch = 4

    def __init__(self, paths: Iterable[Path]) -> None:
        self._paths = [Path(path) for path in paths]
        self._files: dict[str, Path] = {}  # SOP Instance UID → file
        self._headers: dict[str, ImageHeader] = {}
        self._open: OrderedDict[str, Part10] = OrderedDict()
        self._lock = threading.Lock()
        self.skipped = 0

    def studies(self) -> tuple[StudyDescription, ...]:
        """Read all headers and group them; raises :class:`SourceFailed` when there is no image at all."""
        found: dict[str, dict[str, list[tuple[Any, ImageHeader]]]] = {}
        self.skipped = 0
        for path in self._walk():
            try:
                with_header = Part10.open(path)
                if not with_header.has_pixels:
                    self.skipped += 1
                    continue
                image = image_header(with_header.header, with_header.transfer_syntax)
            except (UnreadableFile, UndecodableFrame):
                self.skipped += 1
                continue
            ds = with_header.header
            uid = image.sop_instance_uid
            self._files[uid] = path
            self._headers[uid] = image
            series = found.setdefault(text_of(ds, "StudyInstanceUID"), {})
            series.setdefault(text_of(ds, "SeriesInstanceUID"), []).append((ds, image))
        if not found:
            places = ", ".join(str(path) for path in self._paths)
            raise SourceFailed(tr("没有找到 DICOM 图像：{places}", places=places))
        return tuple(_study(uid, series) for uid, series in found.items())

    def study(self, study_uid: str) -> StudyDescription:
        for study in self.studies():
            if study.study_uid == study_uid:
                return study
        raise SourceFailed(tr("这项检查不在这些文件里"))

    def frames(self, keys: Sequence[FrameKey]) -> Iterator[Arrived]:
        for key in keys:
            try:
                part10 = self._part10(key.sop_instance_uid)
                image = self._headers[key.sop_instance_uid]
                yield Arrived(key, part10.frame(key.frame, image.pixel_format.native_bytes))
            except KeyError:
                yield Arrived(key, error=tr("这幅图像不在这些文件里"))
            except UnreadableFile as error:
                log.warning("a file cannot be read: %s", error)
                yield Arrived(key, error=sentence_of(error))

    def stop(self) -> None:
        """Reading a frame is short; nothing to cut off."""

    def close(self) -> None:
        with self._lock:
            self._open.clear()

    def _walk(self) -> Iterator[Path]:
        for path in self._paths:
            if path.is_dir():
                yield from sorted(p for p in path.rglob("*") if p.is_file() and p.name != "DICOMDIR")
            elif path.is_file():
                yield path

    def _part10(self, uid: str) -> Part10:
        with self._lock:
            known = self._open.get(uid)
            if known is not None:
                self._open.move_to_end(uid)
                return known
        part10 = Part10.open(self._files[uid])
        with self._lock:
            self._open[uid] = part10
            while len(self._open) > OPEN_FILES:
                self._open.popitem(last=False)
        return part10


def _study(uid: str, series: dict[str, list[tuple[Any, ImageHeader]]]) -> StudyDescription:
    ds = next(iter(series.values()))[0][0]
    described = [_series(series_uid, members) for series_uid, members in series.items()]
    described.sort(key=lambda s: (s.number is None, s.number or 0, s.series_uid))
    return StudyDescription(
        study_uid=uid,
        patient_id=text_of(ds, "PatientID"),
        patient_name=text_of(ds, "PatientName"),
        patient_sex=text_of(ds, "PatientSex"),
        patient_birth_date=text_of(ds, "PatientBirthDate"),
        study_date=text_of(ds, "StudyDate"),
        study_time=text_of(ds, "StudyTime"),
        description=text_of(ds, "StudyDescription"),
        accession_number=text_of(ds, "AccessionNumber"),
        institution=text_of(ds, "InstitutionName"),
        series=tuple(described),
    )


def _series(uid: str, members: list[tuple[Any, ImageHeader]]) -> SeriesDescription:
    ds = members[0][0]
    number = text_of(ds, "SeriesNumber")
    images = sorted((image for _, image in members), key=lambda image: image.instance_number)
    return SeriesDescription(
        series_uid=uid,
        modality=text_of(ds, "Modality"),
        number=int(number) if number.lstrip("-").isdigit() else None,
        description=text_of(ds, "SeriesDescription"),
        body_part=text_of(ds, "BodyPartExamined"),
        images=tuple(images),
        frame_of_reference_uid=text_of(ds, "FrameOfReferenceUID"),
    )
