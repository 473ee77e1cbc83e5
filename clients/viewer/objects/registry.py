"""SOP class → how to show it: images go to stacks, documents to a page, the rest over images. No Qt."""

from __future__ import annotations

from enum import StrEnum

from clients.viewer.study import ObjectDescription, StudyDescription


class Kind(StrEnum):
    """How an object is shown."""

    IMAGE = "image"
    PDF = "pdf"
    REPORT = "report"  # structured reports of any kind
    KEY_OBJECTS = "key objects"
    PRESENTATION = "presentation"
    SEGMENTATION = "segmentation"
    STRUCTURES = "structures"
    DOSE = "dose"
    PLAN = "plan"
    WAVEFORM = "waveform"
    SLIDE = "slide"
    OTHER = "other"  # a sentence, and the tags


_STORAGE = "1.2.840.10008.5.1.4.1.1."
_EXACT = {
    f"{_STORAGE}104.1": Kind.PDF,
    f"{_STORAGE}88.59": Kind.KEY_OBJECTS,
    f"{_STORAGE}66.4": Kind.SEGMENTATION,
    f"{_STORAGE}66.7": Kind.SEGMENTATION,
    f"{_STORAGE}481.2": Kind.DOSE,
    f"{_STORAGE}481.3": Kind.STRUCTURES,
    f"{_STORAGE}481.5": Kind.PLAN,
    f"{_STORAGE}481.8": Kind.PLAN,
    f"{_STORAGE}77.1.6": Kind.SLIDE,
}
_BEGINNINGS = (
    (f"{_STORAGE}88.", Kind.REPORT),
    (f"{_STORAGE}9.", Kind.WAVEFORM),
    (f"{_STORAGE}11.", Kind.PRESENTATION),
)

# What people call those that are only named; the rest is named by the standard's dictionary.
NAMES = {
    Kind.IMAGE: "图像",
    Kind.PDF: "PDF 文档",
    Kind.REPORT: "结构化报告",
    Kind.KEY_OBJECTS: "关键图像说明",
    Kind.PRESENTATION: "显示状态",
    Kind.SEGMENTATION: "分割",
    Kind.STRUCTURES: "放疗结构",
    Kind.DOSE: "放疗剂量",
    Kind.PLAN: "放疗计划",
    Kind.WAVEFORM: "波形",
    Kind.SLIDE: "全切片图像",
    Kind.OTHER: "其他对象",
}

OVER_IMAGES = frozenset({Kind.PRESENTATION, Kind.SEGMENTATION, Kind.STRUCTURES, Kind.DOSE})
"""Shown over the images of a viewport; the others open a page of their own."""


def kind_of(sop_class_uid: str) -> Kind:
    """How to show an object of a SOP class; images and unknown classes that may hold pixels are IMAGE or OTHER."""
    exact = _EXACT.get(sop_class_uid)
    if exact is not None:
        return exact
    for beginning, kind in _BEGINNINGS:
        if sop_class_uid.startswith(beginning):
            return kind
    return Kind.OTHER


def class_name(sop_class_uid: str) -> str:
    """The standard's name of a SOP class without "Storage"; the UID where it has none."""
    from pydicom.uid import UID

    return str(UID(sop_class_uid).name).removesuffix(" Storage") if sop_class_uid else ""


def objects_of(studies: tuple[StudyDescription, ...], kind: Kind) -> tuple[ObjectDescription, ...]:
    """Objects of one kind in the open studies."""
    return tuple(one for study in studies for one in study.objects if kind_of(one.sop_class_uid) is kind)
