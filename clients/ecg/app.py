"""The ECG workstation: its pages, words and start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from clients.ecg.desk import Desk
from clients.ecg.pages import PAGES, PageSpec, actions_of, find, is_written
from clients.kit.app import run_workstation
from clients.kit.connection import Connector
from clients.kit.shell import Page, Workplace
from clients.kit.translations import register_catalogue

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

TITLE = "心电工作站"

CATALOGUES = (
    "clients.ecg.texts",
    "clients.ecg.shell.texts",
    "clients.ecg.lists.texts",
    "clients.ecg.registration.texts",
    "clients.ecg.consultations.texts",
    "clients.ecg.administration.texts",
    "clients.ecg.reading.texts",
    "clients.ecg.terms.texts",
    "clients.ecg.trace.texts",
    "clients.ecg.acquisition.texts",
    "clients.ecg.line.texts",
    "clients.ecg.statistics.texts",
    "clients.ecg.critical.texts",
    "clients.ecg.settings.texts",
    "clients.ecg.lines.texts",
)
"""Modules with `ENTRIES`, Chinese to English; those that do not exist yet are passed over."""


def register_texts() -> None:
    """Register the English of every part."""
    for module in CATALOGUES:
        entries: Mapping[str, str] | None = find(f"{module}:ENTRIES")
        if entries is not None:
            register_catalogue(entries)


class DeskKeeper:
    """Gives every page of one session the same desk, and a new one after the next log-in."""

    def __init__(self) -> None:
        self._desk: Desk | None = None
        self._shell: object = None

    def desk_for(self, place: Workplace) -> Desk:
        """The desk of this session; made with its window parts by the first page that is shown."""
        if self._desk is None or self._shell is not place.shell:
            from clients.ecg.shell.window import furnish

            desk = Desk(place)
            self._desk, self._shell = desk, place.shell
            furnish(desk)
        return self._desk


class _Maker:
    """Makes one page when it is first shown."""

    def __init__(self, keeper: DeskKeeper, spec: PageSpec) -> None:
        self._keeper, self._spec = keeper, spec

    def __call__(self, place: Workplace) -> QWidget:
        made: QWidget = find(self._spec.maker)(self._keeper.desk_for(place), place)
        return made


def make_pages() -> tuple[Page, ...]:
    """The pages of one window; they share a desk per session."""
    register_texts()
    keeper = DeskKeeper()
    return tuple(
        Page(spec.id, spec.title, spec.icon, _Maker(keeper, spec), tuple(actions_of(spec)), spec.permission)
        for spec in PAGES
        if is_written(spec.maker)
    )


def run(argv: Sequence[str], connector: Connector) -> int:
    """Run the workstation until its window is closed; the exit status."""
    from clients.ecg.shell.login import EcgLogin

    return run_workstation(TITLE, make_pages(), argv, connector, prog="mingjing ecg", make_login=EcgLogin)
