"""标本移交表 and 玻片移交表: by days, case numbers, library or task source, with preview and print (PA-PREP)."""

from __future__ import annotations

from datetime import date
from typing import Any

from clients.kit.fields import Choice, ChoiceField, DateField, Field, TextField
from clients.pathology.bench.sheets import SheetView
from clients.pathology.desk import Desk
from shared.contract.pathology_papers import DrawSlideSheet, DrawSpecimenSheet
from shared.contract.pathology_preparation import SlideFilter
from shared.contract.pathology_technique import SpecimenFilter
from shared.domain.pathology import TASK_SOURCES, TaskSource


def specimen_view(desk: Desk) -> SheetView:
    """标本移交表."""
    libraries = [Choice(0, "全部")] + [Choice(one.id, one.entry.name, translate=False) for one in desk.libraries]
    fields = (*_range_fields("移交日期"), ChoiceField(key="library", label="病例库", choices=libraries, initial=0))

    def make(values: dict[str, Any], language: str) -> DrawSpecimenSheet:
        library = values["library"]
        return DrawSpecimenSheet(
            filter=SpecimenFilter(
                library_ids=(library,) if library else (),
                handed_over_first=values["first"],
                handed_over_last=values["last"],
                first_number=values["first_number"],
                last_number=values["last_number"],
            ),
            language=language,
        )

    return SheetView(desk, make, fields)


def slide_view(desk: Desk) -> SheetView:
    """玻片移交表."""
    offered = desk.station.sources or tuple(one for one in TaskSource if one is not TaskSource.OTHER)
    sources = [Choice("", "全部")] + [Choice(one.value, TASK_SOURCES[one].zh) for one in offered]
    fields = (*_range_fields("切片日期"), ChoiceField(key="source", label="任务来源", choices=sources, initial=""))

    def make(values: dict[str, Any], language: str) -> DrawSlideSheet:
        source = values["source"]
        return DrawSlideSheet(
            filter=SlideFilter(
                sources=(TaskSource(source),) if source else desk.station.sources,
                made_first=values["first"],
                made_last=values["last"],
                first_number=values["first_number"],
                last_number=values["last_number"],
            ),
            language=language,
        )

    return SheetView(desk, make, fields)


def _range_fields(days: str) -> tuple[Field, ...]:
    today = date.today()
    return (
        DateField(key="first", label=days, initial=today),
        DateField(key="last", label="至", initial=today),
        TextField(key="first_number", label="病理号从", max_length=24),
        TextField(key="last_number", label="到病理号", max_length=24),
    )
