"""The kiosk's part of the story: the patient scans the barcode of the registration and is checked in."""

from __future__ import annotations

import shutil

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from mingjing.demo.hospital import Hospital, secretfile
from mingjing.demo.pictures import picture_of
from mingjing.demo.record import Record, Step
from mingjing.demo.windows import Windows
from shared.contract.queueing import KioskOutcome

_LEAVE_CODE = "975310"
_WAITS_NOW = (KioskOutcome.CHECKED_IN, KioskOutcome.LATE)


def check_in(record: Record, step: Step, hospital: Hospital, windows: Windows, code: str) -> KioskOutcome:
    """Show the kiosk, scan `code` as a keyboard scanner types it, and return what the kiosk said of the exam."""
    from clients.kiosk import texts
    from clients.kiosk.app import Kiosk, make_parser
    from clients.kiosk.desk.state import Page, Printing
    from clients.kit.server_connection import ServerConnection
    from clients.kit.translations import register_catalogue

    register_catalogue(texts.ENTRIES)
    password, leave = (hospital.data / "secrets" / name for name in ("demo-kiosk-password", "demo-kiosk-leave-code"))
    secretfile(password, hospital.passwords["kiosk"])
    secretfile(leave, _LEAVE_CODE)
    slips = record.folder / "slips"
    options = ["--connect", str(hospital.connection), "--user", "kiosk", "--password-file", str(password)]
    options += ["--leave-code-file", str(leave), "--window", "1280x720", "--slips", str(slips)]
    kiosk = Kiosk(
        make_parser().parse_args(options), ServerConnection(str(hospital.connection)), _LEAVE_CODE, printer=None
    )
    try:
        kiosk.view.raise_()
        kiosk.view.activateWindow()
        windows.until(lambda: kiosk.presenter.state.page is Page.START, "the kiosk to be ready")
        windows.rest(0.3)
        kiosk.view.grab().save(str(record.file(step, "kiosk.png")))
        QTest.keyClicks(kiosk.view, code)
        QTest.keyClick(kiosk.view, Qt.Key.Key_Return)
        windows.until(lambda: kiosk.presenter.state.printing is Printing.DONE, "the kiosk to print the ticket")
        windows.rest(0.3)
        kiosk.view.grab().save(str(record.file(step, "kiosk-answer.png")))
        answer = kiosk.presenter.state.answer
        assert answer is not None
        ticket = record.file(step, "ticket.pdf")
        shutil.move(next(slips.glob("*.pdf")), ticket)
        picture_of(ticket, record, step)
        return next(exam.outcome for exam in answer.exams if exam.outcome in _WAITS_NOW)
    finally:
        kiosk.close()
