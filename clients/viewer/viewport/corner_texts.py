"""The four corners of a viewport: which facts of study, series and image stand where, as lines of text. No Qt."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from clients.kit.translations import tr
from clients.viewer.study import Stack
from clients.viewer.viewport.information import CORNERS, DICOM, Information
from shared.imaging.geometry import Finding
from shared.imaging.lut import LookupTable, Modality, Window


@dataclass(frozen=True, slots=True)
class Corners:
    """Lines from top to bottom; the bottom corners are drawn upwards from the edge."""

    top_left: tuple[str, ...]
    top_right: tuple[str, ...]
    bottom_left: tuple[str, ...]
    bottom_right: tuple[str, ...]


def person_name(value: str) -> str:
    """A DICOM PN for people: the ideographic group where there is one, carets gone (PS3.5 6.2.1)."""
    groups = value.split("=")
    chosen = groups[1] if len(groups) > 1 and groups[1].strip("^ ") else groups[0]
    parts = [part.strip() for part in chosen.split("^") if part.strip()]
    ideographic = any(letter >= "\u2e80" for letter in chosen)
    return ("" if ideographic else " ").join(parts)


def date_text(da: str, tm: str = "") -> str:
    """DICOM DA and TM as 2026-11-21 09:05; what is not a date stays as it is."""
    day = f"{da[:4]}-{da[4:6]}-{da[6:8]}" if len(da) == 8 and da.isdigit() else da
    clock = f"{tm[:2]}:{tm[2:4]}" if len(tm) >= 4 and tm[:4].isdigit() else ""
    return f"{day} {clock}".strip()


def age_text(age: str) -> str:
    """DICOM AS (045Y) as 45岁."""
    if len(age) == 4 and age[:3].isdigit():
        unit = {"Y": tr("岁"), "M": tr("个月"), "W": tr("周"), "D": tr("天")}.get(age[3])
        if unit and int(age[:3]) == 0:
            return ""
        if unit:
            return f"{int(age[:3])}{unit}"
    return age


def sex_text(code: str) -> str:
    return {"M": tr("男"), "F": tr("女"), "O": tr("其他")}.get(code, code)


def finding_text(finding: Finding) -> str:
    """A warning about the geometry of the series."""
    return {
        Finding.GAPS: tr("层面有缺失"),
        Finding.DUPLICATES: tr("层面位置重复"),
        Finding.UNEVEN: tr("层间距不均匀"),
        Finding.MIXED: tr("层面方向不一致"),
    }.get(finding, str(finding))


def corners_of(
    stack: Stack,
    index: int,
    *,
    voi: Window | LookupTable | None,
    modality: Modality,
    zoom_percent: float,
    lossy: bool,
    reduced: bool,
    interpolated: bool = False,
    slab: str = "",
    compact: bool = False,
    information: Information | None = None,
    elements: Mapping[str, str] | None = None,
) -> Corners:
    """Texts for the image at ``index``.

    ``reduced`` says the screen shows fewer pixels than the image has, ``interpolated`` that it shows more and what
    lies between them is computed; ``slab`` names the projection and its thickness (VW-EX-14). ``compact`` leaves only
    what a small pane must say: who, which image, how it is shown, and what harms it. ``information`` is the reader's
    choice of items, ``elements`` what the file says of DICOM elements that the header does not keep. What harms the
    image is told whatever was chosen.
    """
    image = stack.image(index)
    lossy_text = _lossy_text(image.lossy_ratio) if lossy else ""
    if compact:
        window = f"{voi.width:g}/{voi.centre:g}" if isinstance(voi, Window) else voi_text(voi, modality)
        return Corners(
            top_left=_lines(person_name(stack.study.patient_name) or stack.study.patient_id),
            top_right=(),
            bottom_left=_lines(f"{index + 1}/{len(stack)}"),
            bottom_right=_lines(lossy_text, slab, window),
        )
    facts = _facts(stack, index) | {
        "zoom": tr("缩放 {percent}%", percent=f"{zoom_percent:.0f}"),
        "window": voi_text(voi, modality),
    }
    scaled = tr("缩小显示") if reduced else tr("插值放大") if interpolated else ""
    warned = {
        "bottom_left": [finding_text(finding) for finding in stack.warnings],
        "bottom_right": [lossy_text, slab, scaled],
    }
    information = information or Information()
    blocks = []
    for corner in CORNERS:
        chosen = [_fact(item, facts, image.texts, elements or {}) for item in information.corners.get(corner, ())]
        blocks.append(_lines(*warned.get(corner, ()), *chosen))
    return Corners(*blocks)


def _facts(stack: Stack, index: int) -> dict[str, str]:
    """What study, series and image say, by item of `Information`."""
    study, texts = stack.study, stack.image(index).texts
    person = (sex_text(study.patient_sex), age_text(texts.get("PatientAge", "")), date_text(study.patient_birth_date))
    number = f"S{stack.series.number}" if stack.series.number is not None else "S–"
    if stack.label:
        number += f" ({stack.label})"
    return {
        "name": person_name(study.patient_name),
        "id": study.patient_id,
        "person": " ".join(part for part in person if part),
        "institution": study.institution or texts.get("InstitutionName", ""),
        "study_time": date_text(study.study_date, study.study_time),
        "study_description": study.description,
        "model": texts.get("ManufacturerModelName", ""),
        "series": f"{number} {stack.series.modality} {stack.series.description}".strip(),
        "view": _view_text(texts),
        "place": _place(stack, index),
        "count": tr("图像 {n}/{count}", n=index + 1, count=len(stack)),
        "exposure": _exposure(texts),
    }


def _fact(item: str, facts: Mapping[str, str], texts: Mapping[str, str], elements: Mapping[str, str]) -> str:
    """One line: a fact of the viewer, or a DICOM element with its name."""
    if not item.startswith(DICOM):
        return facts.get(item, "")
    keyword = item.removeprefix(DICOM)
    value = elements.get(keyword) or texts.get(keyword, "")
    return f"{element_name(keyword)}: {value}" if value else ""


def element_name(keyword: str) -> str:
    """A DICOM keyword for people: words apart; a private tag as (gggg,eeee)."""
    if len(keyword) == 8 and keyword[0] in "0123456789abcdef" and all(c in "0123456789abcdef" for c in keyword):
        return f"({keyword[:4]},{keyword[4:]})"
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", keyword)


def voi_text(voi: Window | LookupTable | None, modality: Modality) -> str:
    """Width and level, or the name of the table."""
    if voi is None:
        return ""
    if isinstance(voi, LookupTable):
        return f"VOI LUT {voi.name}".strip()
    digits = 0 if voi.width >= 10 else 2
    unit = f" {modality.unit}" if modality.unit and modality.unit != "HU" else ""
    return tr("窗宽 {width} 窗位 {level}", width=f"{voi.width:.{digits}f}", level=f"{voi.centre:.{digits}f}") + unit


def _place(stack: Stack, index: int) -> str:
    texts, plane = stack.image(index).texts, stack.frame_header(index).plane
    parts = []
    if plane is not None and stack.order.spacing_mm is not None:
        parts.append(tr("位置 {mm} mm", mm=f"{plane.depth_mm:.1f}"))
    if texts.get("SliceThickness"):
        try:
            parts.append(tr("层厚 {mm} mm", mm=f"{float(texts['SliceThickness']):.1f}"))
        except ValueError:
            parts.append(tr("层厚 {mm} mm", mm=texts["SliceThickness"]))
    return "  ".join(parts)


def _view_text(texts: dict[str, str]) -> str:
    side = texts.get("ImageLaterality") or texts.get("Laterality", "")
    return " ".join(part for part in (side, texts.get("ViewPosition", "")) if part)


def _exposure(texts: dict[str, str]) -> str:
    parts = []
    for keyword, unit in (("KVP", "kV"), ("XRayTubeCurrent", "mA"), ("RepetitionTime", "TR"), ("EchoTime", "TE")):
        value = texts.get(keyword, "")
        try:
            number = f"{float(value):g}"
        except ValueError:
            continue
        parts.append(f"{unit} {number}" if unit in ("TR", "TE") else f"{number} {unit}")
    return "  ".join(parts)


def _lossy_text(ratio: float | None) -> str:
    return tr("有损压缩 {ratio}:1", ratio=f"{ratio:.0f}") if ratio and ratio > 1 else tr("有损压缩")


def _lines(*lines: str) -> tuple[str, ...]:
    return tuple(line for line in lines if line)
