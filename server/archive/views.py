"""Turns rows of the index into the views of the contract; knows no transaction."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any

from server.archive import attributes
from server.archive.attributes import Attributes
from server.archive.tables import Instance, Series, Study
from shared.contract.archive import InstanceView, SeriesView, StudyRow, StudyView


def study_row(study: Study, zone: tzinfo) -> StudyRow:
    """A study without its series; `zone` is the hospital's, for studies that state no zone."""
    return StudyRow(
        id=study.id,
        version=study.version,
        study_uid=study.uid,
        accession_number=study.accession,
        patient_id=study.patient_id,
        patient_name=study.patient_name,
        patient_sex=study.sex,
        patient_birth_date=study.birth_date,
        study_at=study_moment(study.study_date, study.study_time, study.timezone, zone),
        description=study.description,
        modalities=tuple(filter(None, study.modalities.split("\\"))),
        series_count=study.series_count,
        instance_count=study.instance_count,
        calling_ae=study.calling_ae,
        received_at=study.received_at,
        exam_id=study.exam_id,
        why_unmatched=study.why_unmatched,
        completeness=study.completeness,
        missing_count=study.missing_count,
        availability=study.availability,
        charset_note=study.charset_note,
    )


def study_view(study: Study, series: Iterable[tuple[Series, Sequence[Instance]]], zone: tzinfo) -> StudyView:
    """A study with its series as given, instances in order of number."""
    return StudyView(
        row=study_row(study, zone),
        institution=study.institution,
        manufacturer=study.manufacturer,
        series=tuple(_series(one, instances, study) for one, instances in series),
    )


def _series(series: Series, instances: Sequence[Instance], study: Study) -> SeriesView:
    base = attributes.unpacked(series.attributes)
    corrections = _digest(study.forced_charset.encode(), study.correction, series.correction)
    return SeriesView(
        series_uid=series.uid,
        modality=series.modality,
        number=series.number,
        description=series.description,
        body_part=series.body_part,
        frame_of_reference_uid=series.frame_of_reference_uid,
        instances=tuple(_instance(one, attributes.merged(base, one.attributes), corrections) for one in instances),
    )


def _digest(*corrections: bytes | None) -> str:
    """Names what is put in the place of the objects' own texts when they leave; empty for none."""
    if not any(corrections):
        return ""
    parts = b"".join(len(part or b"").to_bytes(4, "big") + (part or b"") for part in corrections)
    return "." + hashlib.blake2b(parts, digest_size=8).hexdigest()


def _instance(instance: Instance, own: Attributes, corrections: str) -> InstanceView:
    spacing = _numbers(own, 0x00280030, 2)
    imager = _numbers(own, 0x00181164, 2)
    position = _numbers(own, 0x00200032, 3)
    orientation = _numbers(own, 0x00200037, 6)
    center = _numbers(own, 0x00281050)
    width = _numbers(own, 0x00281051)
    return InstanceView(
        id=instance.id,
        sop_class_uid=instance.sop_class_uid,
        sop_instance_uid=instance.uid,
        transfer_syntax_uid=instance.transfer_syntax_uid,
        instance_number=instance.number,
        frames=max(_integer(own, 0x00280008, 1), 1),
        rows=_integer(own, 0x00280010),
        columns=_integer(own, 0x00280011),
        bits_allocated=_integer(own, 0x00280100),
        bits_stored=_integer(own, 0x00280101),
        is_signed=_integer(own, 0x00280103) == 1,
        samples_per_pixel=_integer(own, 0x00280002, 1),
        photometric_interpretation=_text(own, 0x00280004),
        planar_configuration=_integer(own, 0x00280006),
        pixel_spacing=(spacing[0], spacing[1]) if spacing else None,
        imager_pixel_spacing=(imager[0], imager[1]) if imager else None,
        image_position=(position[0], position[1], position[2]) if position else None,
        image_orientation=(
            (orientation[0], orientation[1], orientation[2], orientation[3], orientation[4], orientation[5])
            if orientation
            else None
        ),
        slice_thickness=_number(own, 0x00180050),
        rescale_slope=_or(_number(own, 0x00281053), 1.0) or 1.0,
        rescale_intercept=_or(_number(own, 0x00281052), 0.0),
        rescale_type=_text(own, 0x00281054),
        window_center=center[: len(width)],
        window_width=width[: len(center)],
        window_explanation=tuple(filter(None, _text(own, 0x00281055).split("\\"))),
        voi_function=_text(own, 0x00281056) or "LINEAR",
        frame_time_ms=_number(own, 0x00181063),
        size_bytes=instance.size_bytes,
        version=instance.object_key[:24] + corrections,
    )


def study_moment(date: str, time: str, offset: str, zone: tzinfo) -> datetime | None:
    """DICOM date and time as a moment; `offset` is (0008,0201), ``+0800``. None if there is no usable date."""
    digits = date.replace(".", "").strip()[:8]
    clock = (time.replace(":", "").split(".")[0].strip() + "000000")[:6]
    try:
        naive = datetime.strptime(digits + clock, "%Y%m%d%H%M%S")
    except ValueError:
        try:
            naive = datetime.strptime(digits, "%Y%m%d")
        except ValueError:
            return None
    return naive.replace(tzinfo=_zone(offset) or zone)


def _zone(offset: str) -> tzinfo | None:
    if len(offset) != 5 or offset[0] not in "+-" or not offset[1:].isdecimal():
        return None
    minutes = int(offset[1:3]) * 60 + int(offset[3:])
    return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes)) if minutes < 24 * 60 else None


def _text(own: Attributes, tag: int) -> str:
    return str(own.get(tag) or "")


def _integer(own: Attributes, tag: int, default: int = 0) -> int:
    value: Any = own.get(tag)
    try:
        return default if value is None else int(value)
    except ValueError:
        return default


def _number(own: Attributes, tag: int) -> float | None:
    found = _numbers(own, tag)
    return found[0] if found else None


def _or(value: float | None, default: float) -> float:
    return default if value is None else value


def _numbers(own: Attributes, tag: int, count: int = 0) -> tuple[float, ...]:
    """Decimal strings as numbers; empty if one is none, or if there are not `count` of them."""
    value = own.get(tag)
    if value is None or value == "":
        return ()
    try:
        found = tuple(float(part) for part in str(value).split("\\"))
    except ValueError:
        return ()
    if (count and len(found) != count) or not all(map(math.isfinite, found)):
        return ()
    return found
