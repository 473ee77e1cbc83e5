"""Makes the page of critical values with its presenter."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from clients.diagnosis.critical.presenter import OverviewPresenter
from clients.diagnosis.critical.view import CriticalPage
from clients.kit.shell import Workplace
from shared.domain.permissions import Permission


def overview(place: Workplace, enter: Callable[[int], None]) -> QWidget:
    """Return the page, loading; `enter` opens a report by its id, for who writes reports."""
    view = CriticalPage(place, with_report=place.may(Permission.REPORT.value))
    presenter = OverviewPresenter(place.connection, place.runner, place.messages, enter)
    view.attach(presenter)
    place.on_notice(presenter.heard)
    presenter.refresh()
    return view
