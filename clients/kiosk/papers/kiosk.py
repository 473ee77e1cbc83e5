"""The living parts of one self-service printer."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from clients.kiosk.stand import Stand, local_now
from clients.kit.connection import Connection
from clients.kit.translations import Language

if TYPE_CHECKING:
    from clients.kiosk.papers.presenter import PaperPrinter, PapersPresenter
    from clients.kiosk.papers.view import PapersScreen


class PapersKiosk(Stand):
    """Puts line, scanner, printer and screen together."""

    view: PapersScreen
    presenter: PapersPresenter

    def __init__(
        self, options: argparse.Namespace, connection: Connection, code: str, printer: PaperPrinter | None
    ) -> None:
        from clients.kiosk.line import SignedInKiosk
        from clients.kiosk.papers.presenter import PapersPresenter
        from clients.kiosk.papers.printer import KioskPrinter
        from clients.kiosk.papers.state import PapersState
        from clients.kiosk.papers.view import PapersScreen
        from clients.kit.tasks import QtTaskRunner

        self.connection = connection
        self.view = PapersScreen(PapersState(now=local_now()))
        self.runner = QtTaskRunner(self.view)
        self.presenter = PapersPresenter(
            SignedInKiosk(connection, options.user, options.password_file),
            self.runner,
            printer or KioskPrinter(options.printer, options.slips),
            local_now,
            self.show_state,
            leave_code=code,
            language=Language(options.language),
        )
        self.view.connect_presenter(self.presenter)
        self.view.language_chosen.connect(self.speak)
        self.begin(options.window)
