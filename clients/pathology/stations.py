"""The nine workstations (PA-SITE-02) as data: one program, different tabs, lists, filters and columns."""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.pathology import (
    CYTOLOGY_SLIDE_SOURCES,
    ROUTINE_SLIDE_SOURCES,
    SPECIAL_TEST_SOURCES,
    STATIONS,
    CaseState,
    Station,
    TaskSource,
)
from shared.domain.permissions import Permission


@dataclass(frozen=True, slots=True)
class StationSpec:
    """One workstation."""

    id: Station
    icon: str
    permission: Permission
    """Who has none of it does not see the station."""
    tabs: tuple[str, ...]
    """Ids of `tabs.TABS` from left to right; the first one is shown."""
    left: str = "cases"
    """What stands at the left: a key of `tabs.LEFT`."""
    links: tuple[str, ...] = ("appointments", "consultations", "follow_ups", "favourites")
    """Ids of `links.LINKS` below the list."""
    sources: tuple[TaskSource, ...] = ()
    """Only blocks, slides and orders of these task sources; empty for all (PA-SITE-03)."""
    columns: tuple[str, ...] = ("number", "patient_name", "state", "registered")
    """Columns of the case list that show at first, of `shell.columns.COLUMNS`; users choose their own."""
    days: int = 30
    """Days back that the list shows at first; 0 for all."""
    states: tuple[CaseState, ...] = ()
    """State buttons that are pressed at first; none for every state."""

    @property
    def title(self) -> str:
        """The Chinese name."""
        return STATIONS[self.id].zh


_GROSSING_LINKS = ("regrossing", "appointments", "favourites")

SPECS: tuple[StationSpec, ...] = (
    StationSpec(
        Station.REGISTRATION,
        "clipboard",
        Permission.PATHOLOGY_REGISTER,
        ("patient", "imaging"),
        columns=("number", "patient_name", "sex_age", "department"),
        states=(CaseState.REGISTERED,),
    ),
    StationSpec(
        Station.GROSSING,
        "scan",
        Permission.PATHOLOGY_GROSS,
        ("grossing", "imaging", "patient"),
        links=_GROSSING_LINKS,
        columns=("number", "patient_name", "sex_age", "specimen"),
        states=(CaseState.REGISTERED, CaseState.GROSSED),
    ),
    StationSpec(
        Station.PREPARATION,
        "layout",
        Permission.PATHOLOGY_SECTION,
        ("embedding", "sectioning", "orders", "sectioned"),
        left="orders",
        links=(),
    ),
    StationSpec(
        Station.DIAGNOSIS,
        "viewer",
        Permission.PATHOLOGY_DIAGNOSE,
        ("diagnosis", "imaging", "grossing", "patient", "slides"),
        columns=("number", "patient_name", "sex_age", "specimen"),
        days=7,
    ),
    StationSpec(
        Station.LIQUID,
        "viewer",
        Permission.PATHOLOGY_DIAGNOSE,
        ("liquid", "diagnosis", "imaging", "patient", "slides"),
        columns=("number", "patient_name", "sex_age", "specimen"),
        days=7,
    ),
    StationSpec(
        Station.ROUTINE_SLIDES,
        "layout",
        Permission.PATHOLOGY_SECTION,
        ("embedding", "sectioning", "orders", "sectioned"),
        left="orders",
        links=(),
        sources=ROUTINE_SLIDE_SOURCES,
    ),
    StationSpec(
        Station.CYTOLOGY_SLIDES,
        "layout",
        Permission.PATHOLOGY_SECTION,
        ("sectioned", "patient"),
        links=(),
        sources=CYTOLOGY_SLIDE_SOURCES,
        columns=("number", "patient_name", "sex_age", "specimen"),
        states=(CaseState.REGISTERED,),
    ),
    StationSpec(
        Station.SPECIAL_TESTS,
        "layout",
        Permission.PATHOLOGY_EXECUTE_ORDERS,
        ("orders", "sectioned"),
        left="orders",
        links=(),
        sources=SPECIAL_TEST_SOURCES,
    ),
    StationSpec(
        Station.ARCHIVE,
        "archive",
        Permission.PATHOLOGY_ARCHIVE,
        ("archive.blocks", "archive.slides", "archive.papers", "archive.lend", "archive.return", "archive.loans"),
        left="archive",
        links=(),
        columns=("number", "patient_name", "state", "registered"),
        days=0,
    ),
)
"""In the order of the menu 系统站点."""

BY_STATION = {spec.id: spec for spec in SPECS}


def spec_of(station: Station | str) -> StationSpec:
    """The workstation by its name; raises ValueError for one that does not exist."""
    return BY_STATION[Station(station)]
