"""The pathology workstation: its page, log-in and start."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from clients.kit.app import run_workstation
from clients.kit.connection import Connector
from clients.kit.running import TaskRunner
from clients.kit.settings import UserSettings
from clients.kit.shell import Page, Workplace
from clients.kit.translations import register_catalogue
from clients.pathology.desk import Maker, catalogues
from clients.pathology.shell.bars import available, declared_actions
from clients.pathology.shell.login import Chosen, PathologyLogin
from shared.domain.pathology import Station

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

TITLE = "病理工作站"

CATALOGUES = (
    "clients.pathology.texts",
    "clients.pathology.shell.texts",
    "clients.pathology.registration.texts",
    "clients.pathology.bench.texts",
    "clients.pathology.grossing.texts",
    "clients.pathology.preparation.texts",
    "clients.pathology.media.texts",
    "clients.pathology.analysis.texts",
    "clients.pathology.diagnosis.texts",
    "clients.pathology.templates.texts",
    "clients.pathology.orders.texts",
    "clients.pathology.archive.texts",
    "clients.pathology.slides.texts",
    "clients.pathology.statistics.texts",
    "clients.pathology.settings.texts",
)
"""Modules with `ENTRIES`, Chinese to English; those that do not exist yet are passed over."""


def register_texts() -> None:
    """Register the English of every part."""
    for entries in catalogues(CATALOGUES):
        register_catalogue(entries)


def make_pages(chosen: Chosen, station: str = "") -> tuple[Page, ...]:
    """The one page of the workstation, in which the stations are exchanged."""
    register_texts()
    makers = available()
    build = partial(_build, makers, chosen, station)
    return (Page("pathology", TITLE, "clipboard", build, declared_actions(makers)),)


def _build(makers: Mapping[str, Maker], chosen: Chosen, station: str, place: Workplace) -> QWidget:
    from clients.pathology.shell.entrance import Entrance

    return Entrance(place, makers, chosen, station)


def run(argv: Sequence[str], connector: Connector) -> int:
    """Run the workstation until its window is closed; the exit status."""
    more = argparse.ArgumentParser(add_help=False)
    more.add_argument("--station", choices=[one.value for one in Station], default="", help="workstation to begin with")
    options, _rest = more.parse_known_args(list(argv))
    chosen = Chosen()
    return run_workstation(
        TITLE,
        make_pages(chosen, options.station),
        argv,
        connector,
        prog="mingjing pathology",
        make_login=partial(_login, chosen),
        more_options=(more,),
    )


def _login(
    chosen: Chosen, title: str, connector: Connector, runner: TaskRunner, settings: UserSettings
) -> PathologyLogin:
    return PathologyLogin(title, connector, runner, settings, chosen)
