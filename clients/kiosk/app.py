"""Start of the kiosk: options, line, window; puts them together and runs until the administrator leaves."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clients.kiosk import texts
from clients.kiosk.papers import texts as papers_texts
from clients.kiosk.stand import Stand, local_now
from clients.kit.connection import Connection, Connector
from clients.kit.tokens import ThemeName
from clients.kit.translations import Language, register_catalogue, tr

if TYPE_CHECKING:
    from clients.kiosk.desk.presenter import KioskPresenter, SlipPrinter
    from clients.kiosk.desk.view import KioskScreen
    from clients.kiosk.papers.kiosk import PapersKiosk
    from clients.kiosk.papers.presenter import PaperPrinter


def make_parser() -> argparse.ArgumentParser:
    """The options of `mingjing kiosk`."""
    parser = argparse.ArgumentParser(prog="mingjing kiosk", description="self-service check-in")
    parser.add_argument("--connect", required=True, metavar="STRING", help="connection string of the server")
    parser.add_argument("--user", required=True, help="account of the kiosk (role kiosk)")
    parser.add_argument("--password-file", required=True, type=Path, help="file whose first line is the password")
    parser.add_argument(
        "--leave-code-file", required=True, type=Path, help="file whose first line is the code that closes the kiosk"
    )
    parser.add_argument("--reports", action="store_true", help="print reports by barcode instead of checking in")
    parser.add_argument("--printer", default="", metavar="NAME", help="name of the printer")
    parser.add_argument(
        "--slips", type=Path, metavar="DIR", help="keep tickets or reports as PDF in this folder, print nothing"
    )
    parser.add_argument("--window", default="", metavar="WIDTHxHEIGHT", help="a window of this size, not full screen")
    parser.add_argument("--language", choices=[item.value for item in Language], default="zh")
    parser.add_argument("--theme", choices=[item.value for item in ThemeName], default="light")
    return parser


def run(
    argv: Sequence[str],
    connector: Connector,
    *,
    printer: SlipPrinter | None = None,
    paper_printer: PaperPrinter | None = None,
    on_start: Callable[[Any], None] | None = None,
) -> int:
    """Run the kiosk until the administrator leaves; the exit status. The printers replace the usual ones (tests)."""
    from clients.kiosk.line import SecretFileWrong, read_secret
    from clients.kit.app import make_application, speak, wear

    register_catalogue(texts.ENTRIES)
    register_catalogue(papers_texts.ENTRIES)
    options = make_parser().parse_args(list(argv))
    app = make_application()
    app.setQuitOnLastWindowClosed(False)
    wear(options.theme)
    speak(options.language)
    try:
        read_secret(options.password_file)
        code = read_secret(options.leave_code_file)
        if not 4 <= len(code) <= 16 or not set(code) <= set("0123456789X"):
            raise SecretFileWrong("--leave-code-file: 4-16 x 0-9, X")
        connection = connector(options.connect)
    except SecretFileWrong as wrong:
        print(wrong, file=sys.stderr)  # noqa: T201 - the only door of a program without a log-in page
        return 2
    except ValueError as error:
        print(tr("连接字符串无效：{why}", why=error), file=sys.stderr)  # noqa: T201
        return 2
    kiosk: Kiosk | PapersKiosk
    if options.reports:
        from clients.kiosk.papers.kiosk import PapersKiosk

        kiosk = PapersKiosk(options, connection, code, paper_printer)
    else:
        kiosk = Kiosk(options, connection, code, printer)
    if on_start is not None:
        on_start(kiosk)
    status = app.exec()
    kiosk.close()
    return status


class Kiosk(Stand):
    """The living parts of one kiosk."""

    view: KioskScreen
    presenter: KioskPresenter

    def __init__(
        self, options: argparse.Namespace, connection: Connection, code: str, printer: SlipPrinter | None
    ) -> None:
        from clients.kiosk.desk.presenter import KioskPresenter
        from clients.kiosk.desk.state import KioskState
        from clients.kiosk.desk.view import KioskScreen
        from clients.kiosk.line import SignedInKiosk
        from clients.kiosk.slip import QtSlipPrinter
        from clients.kit.tasks import QtTaskRunner

        self.connection = connection
        self.view = KioskScreen(KioskState(now=local_now()))
        self.runner = QtTaskRunner(self.view)
        self.presenter = KioskPresenter(
            SignedInKiosk(connection, options.user, options.password_file),
            self.runner,
            printer or QtSlipPrinter(options.printer, options.slips),
            local_now,
            self.show_state,
            leave_code=code,
            language=Language(options.language),
        )
        presenter = self.presenter
        self.view.connect_presenter(
            key=presenter.key,
            erase=presenter.erase,
            confirm=presenter.confirm,
            back=presenter.cancel,
            print_again=presenter.print_again,
            choose_language=self.speak,
            corner=presenter.corner_tapped,
        )
        self.begin(options.window)
