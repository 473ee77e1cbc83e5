"""Files and folders as a source of studies: no server, no network; for tests and "open a folder"."""

from __future__ import annotations

import filecmp
import logging
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from clients.kit.translations import tr
from clients.viewer.loading import Arrived, SourceFailed
from clients.viewer.objects.registry import Kind, class_name, kind_of
from clients.viewer.objects.videos import Videos
from clients.viewer.sentences import sentence_of
from clients.viewer.study import FrameKey, ObjectDescription, SeriesDescription, StudyDescription
from shared.imaging.codecs import UndecodableFrame
from shared.imaging.frames import Part10, UnreadableFile, careful_reading
from shared.imaging.header import ImageHeader, image_header, text_of
from shared.imaging.values import code_of, number_of
from shared.imaging.video import is_video

log = logging.getLogger(__name__)

OPEN_FILES = 64


class LocalFiles:
    """DICOM files below some paths; a DICOMDIR stands for the files it names.

    ``refused`` names DICOM files that cannot be shown, with a sentence; ``foreign`` counts files that are no DICOM.
    """

    batch = 4

    def __init__(self, paths: Iterable[Path]) -> None:
        self._paths = [Path(path) for path in paths]
        self._files: dict[str, Path] = {}  # SOP Instance UID → file
        self._headers: dict[str, ImageHeader] = {}
        self._open: OrderedDict[str, Part10] = OrderedDict()
        self._lock = threading.Lock()
        self._videos = Videos()
        self.refused: list[tuple[Path, str]] = []
        self.foreign = 0
        self.described: tuple[StudyDescription, ...] = ()
        """What the last reading found."""

    @property
    def skipped(self) -> int:
        """Files that gave nothing to show."""
        return len(self.refused) + self.foreign

    def studies(self) -> tuple[StudyDescription, ...]:
        """Read all headers and group them; raises :class:`SourceFailed` when there is nothing to show at all."""
        found: dict[str, _Found] = {}
        self.refused, self.foreign = [], 0
        self._files.clear()
        for path in self._walk():
            try:
                part10 = Part10.open(path)
            except UnreadableFile as error:
                if _claims_dicom(path):
                    log.warning("a file cannot be read: %s", error)
                    self.refused.append((path, tr("这不是完整的 DICOM 文件")))
                else:
                    self.foreign += 1
                continue
            with careful_reading():
                self._take(path, part10, found)
        if not found:
            raise SourceFailed(self._nothing())
        # What has images comes first: it is what fills the viewports.
        ordered = sorted(found.items(), key=lambda item: not item[1].series)
        self.described = tuple(_study(uid, one) for uid, one in ordered)
        return self.described

    def _take(self, path: Path, part10: Part10, found: dict[str, _Found]) -> None:
        ds = part10.header
        uid, kind = text_of(ds, "SOPInstanceUID"), kind_of(text_of(ds, "SOPClassUID"))
        study = text_of(ds, "StudyInstanceUID")
        if not uid and not part10.has_pixels:
            self.refused.append((path, tr("文件没有影像，也没有对象编号，无法显示")))
            return
        uid = self._key(uid or str(path), path)  # old files without numbers are shown all the same
        if not uid:
            return
        image = None
        if part10.has_pixels:
            try:
                image = image_header(ds, part10.transfer_syntax)
            except (UnreadableFile, UndecodableFrame) as error:
                self._refuse(path, error)
                return
        self._files[uid] = path
        one = found.setdefault(study, _Found(ds))
        if image is not None:
            if image.sop_instance_uid != uid:
                image = replace(image, sop_instance_uid=uid)
            self._headers[uid] = image
            one.series.setdefault(text_of(ds, "SeriesInstanceUID"), []).append((ds, image))
        if image is None or kind is not Kind.OTHER:
            one.objects.append(_object(ds, uid))

    def _key(self, uid: str, path: Path) -> str:
        """What the file is known by: its UID, with a number when another file claims the same; empty for a copy."""
        key, n = uid, 1
        while key in self._files:
            if self._files[key] == path or filecmp.cmp(self._files[key], path, shallow=False):
                return ""
            n += 1
            key = f"{uid}#{n}"
        return key

    def _refuse(self, path: Path, error: Exception) -> None:
        log.warning("a file cannot be shown: %s", error)
        self.refused.append((path, sentence_of(error)))

    def _nothing(self) -> str:
        if self.refused:
            path, why = self.refused[0]
            return tr("无法显示 {name}：{why}", name=path.name, why=why)
        places = ", ".join(str(path) for path in self._paths)
        return tr("没有找到 DICOM 图像：{places}", places=places)

    def object(self, sop_instance_uid: str) -> Part10:
        """A whole object; raises :class:`SourceFailed`."""
        try:
            return self._part10(sop_instance_uid)
        except KeyError:
            raise SourceFailed(tr("这个对象不在这些文件里")) from None
        except UnreadableFile as error:
            raise SourceFailed(sentence_of(error)) from error

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
                if is_video(part10.transfer_syntax):
                    data, image = self._videos.frame(part10, image, key.frame)
                    yield Arrived(key, data, image)
                else:
                    yield Arrived(key, part10.frame(key.frame, image.pixel_format.native_bytes))
            except KeyError:
                yield Arrived(key, error=tr("这幅图像不在这些文件里"))
            except (UnreadableFile, UndecodableFrame) as error:
                log.warning("a file cannot be read: %s", error)
                yield Arrived(key, error=sentence_of(error))

    def path_of(self, sop_instance_uid: str) -> Path | None:
        """The file of an image or object; None for what is not here."""
        return self._files.get(sop_instance_uid)

    def stop(self) -> None:
        """Reading a frame is short; nothing to cut off."""

    def close(self) -> None:
        self._videos.close()
        with self._lock:
            self._open.clear()

    def _walk(self) -> Iterator[Path]:
        for path in self._paths:
            if path.is_dir():
                yield from sorted(p for p in path.rglob("*") if p.is_file() and p.name.upper() != "DICOMDIR")
            elif path.name.upper() == "DICOMDIR" and path.is_file():
                yield from _named_by(path)
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


@dataclass(slots=True)
class _Found:
    """What was found of one study; ``ds`` is the header that came first."""

    ds: Any
    series: dict[str, list[tuple[Any, ImageHeader]]] = field(default_factory=dict)
    objects: list[ObjectDescription] = field(default_factory=list)


def _claims_dicom(path: Path) -> bool:
    """True for files that say they are DICOM, by their preamble or their name."""
    try:
        with path.open("rb") as file:
            return file.read(132)[128:] == b"DICM" or path.suffix.lower() in (".dcm", ".dicom")
    except OSError:
        return True


def _named_by(dicomdir: Path) -> Iterator[Path]:
    """Files that the records of a DICOMDIR name and that are there, whatever the case of their names (PS3.10 8)."""
    import pydicom
    from pydicom.errors import InvalidDicomError

    from shared.imaging.values import items_of, strings_of

    try:
        records = items_of(pydicom.dcmread(dicomdir, force=False), "DirectoryRecordSequence")
    except (InvalidDicomError, OSError, ValueError, EOFError):
        records = ()
    root = dicomdir.parent.resolve()
    for record in records:
        parts = strings_of(record, "ReferencedFileID")
        if not parts or any(part in ("", ".", "..") or "/" in part for part in parts):
            continue
        path = root.joinpath(*parts)
        if not path.is_file():
            path = root.joinpath(*(part.lower() for part in parts))
        if path.is_file() and path.resolve().is_relative_to(root):
            yield path


def _object(ds: Any, uid: str) -> ObjectDescription:
    sop_class = text_of(ds, "SOPClassUID")
    _, _, concept = code_of(ds, "ConceptNameCodeSequence")
    label = (
        text_of(ds, "ContentDescription")
        or text_of(ds, "ContentLabel")
        or text_of(ds, "StructureSetLabel")
        or text_of(ds, "RTPlanLabel")
    )
    series = text_of(ds, "SeriesDescription")
    named = " · ".join(dict.fromkeys(part for part in (label, series) if part))
    title = concept or text_of(ds, "DocumentTitle") or named or class_name(sop_class)
    number = number_of(ds, "InstanceNumber")
    return ObjectDescription(
        sop_instance_uid=uid,
        sop_class_uid=sop_class,
        series_uid=text_of(ds, "SeriesInstanceUID"),
        modality=text_of(ds, "Modality"),
        title=title,
        number=None if number is None else int(number),
        made=text_of(ds, "ContentDate") or text_of(ds, "SeriesDate"),
        study_uid=text_of(ds, "StudyInstanceUID"),
    )


def _study(uid: str, found: _Found) -> StudyDescription:
    ds = found.ds
    described = [_series(series_uid, members) for series_uid, members in found.series.items()]
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
        objects=tuple(found.objects),
    )


def _series(uid: str, members: list[tuple[Any, ImageHeader]]) -> SeriesDescription:
    ds = members[0][0]
    number = number_of(ds, "SeriesNumber")
    images = sorted((image for _, image in members), key=lambda image: image.instance_number)
    return SeriesDescription(
        series_uid=uid,
        modality=text_of(ds, "Modality"),
        number=None if number is None else int(number),
        description=text_of(ds, "SeriesDescription"),
        body_part=text_of(ds, "BodyPartExamined"),
        images=tuple(images),
        frame_of_reference_uid=text_of(ds, "FrameOfReferenceUID"),
    )
