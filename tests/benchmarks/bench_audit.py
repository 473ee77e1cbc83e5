"""How long the audit takes: approving until the next report can be read, signing, verifying.

    python tests/benchmarks/bench_audit.py [--reports 20]

A real server process and a real window without a screen on this machine; one JSON object is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

from clients.diagnosis import app
from clients.diagnosis.ports import NoViewer
from clients.kit.app import Workstation, make_application
from clients.kit.login import SignedIn
from clients.kit.server_connection import ServerConnection
from server.signing import certificates, data
from server.signing.paper import Seals, sign_pdf
from server.signing.verification import check_data, check_pdf
from shared.contract.printing import PrintReport
from shared.contract.signing import ListEditions
from shared.domain.states import ReportAction, ReportState
from tests.results_house import CONTENT, ResultsHouse, a_results_house, until
from tests.server_process import running_server


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=int, default=20)
    options = parser.parse_args()
    figures: dict[str, Any] = {"reports": options.reports}
    with (
        tempfile.TemporaryDirectory() as folder,
        running_server(Path(folder) / "data") as server,
        a_results_house(server) as house,
    ):
        ids = submitted(house, options.reports)
        figures |= at_the_screen(house, ids)
        figures |= papers(house, ids)
    figures |= by_themselves()
    print(json.dumps(figures, indent=1))
    return 0


def submitted(house: ResultsHouse, count: int) -> list[int]:
    """Reports that wait for audit."""
    ids = []
    for number in range(count):
        _, report_id = house.examined(f"患者{number}")
        house.written(report_id, with_key_image=False)
        ids.append(report_id)
    return ids


def at_the_screen(house: ResultsHouse, ids: list[int]) -> dict[str, Any]:
    """From pressing approve until the text of the next report, entered for audit, is on screen."""
    make_application()
    app.make_pages()
    diagnosis = app.Diagnosis(lambda _place, _on_event: NoViewer())
    line = ServerConnection(str(house.server.connection))
    window = Workstation("诊断工作站", diagnosis.pages(), lambda _s: line)
    window.resize(1366, 768)
    window.show()
    shell = window.sign_in_with(SignedIn(line, line.login("a1", "Test-pass-2026")))
    approving, following = [], []

    def state() -> Any:
        return diagnosis.report.state if diagnosis.report is not None else None

    def enter(report_id: int) -> None:
        diagnosis.enter(report_id, ReportAction.AUDIT)
        spin(lambda: state() is not None and state().is_auditing and state().report.row.id == report_id)
        window.repaint()

    def approve() -> None:
        shell._groups["report"].trigger("report.approve")
        spin(lambda: state().report.row.state is ReportState.APPROVED)

    enter(ids[0])
    for after in ids[1:]:
        spin(lambda: not window.runner.busy)
        begun = time.perf_counter()
        approve()
        approving.append(time.perf_counter() - begun)
        enter(after)
        following.append(time.perf_counter() - begun)
    window.close()
    return {"approve_ms": spread(approving), "approve_to_next_report_ms": spread(following)}


def papers(house: ResultsHouse, ids: list[int]) -> dict[str, Any]:
    """Until the signed PDF of the last approved report is there, and printing it."""
    last = ids[-2]
    begun = time.perf_counter()
    until(lambda: house.doctor.call(ListEditions(report_id=last))[0].document_id, 60)
    waited = time.perf_counter() - begun
    printing = []
    for report_id in ids[:-1]:
        begun = time.perf_counter()
        house.auditor.call(PrintReport(report_id=report_id))
        printing.append(time.perf_counter() - begun)
    return {"paper_after_the_last_approval_ms": round(waited * 1000), "print_kept_paper_ms": spread(printing)}


def by_themselves() -> dict[str, Any]:
    """Signing and verifying without a server."""
    import datetime as dt

    from server.printing.layout.pages import render_pages
    from shared.paper.builtin import builtin
    from shared.paper.facts import sample
    from shared.paper.kinds import DocumentKind

    now = dt.datetime.now(dt.UTC)
    authority = certificates.new_authority("明镜医院", now)
    doctor = certificates.new_holder(authority, "赵主任", "zhao", "明镜医院", now)
    clock = certificates.new_clock(authority, "明镜医院", now)
    lists = (certificates.revocation_list(authority, now),)
    drawn = render_pages(builtin(DocumentKind.REPORT), sample(DocumentKind.REPORT, "zh"), "检查报告", now, "zh").pdf
    canonical = json.dumps({"findings": CONTENT.findings, "impression": CONTENT.impression}).encode()
    cms = data.signed(doctor, canonical)
    pdf = sign_pdf(drawn, Seals(doctor, clock, lists), at=now, reason="审核通过", place="")
    roots = (authority.certificate,)
    cases: dict[str, Callable[[], object]] = {
        "draw_pdf_ms": lambda: render_pages(
            builtin(DocumentKind.REPORT), sample(DocumentKind.REPORT, "zh"), "检查报告", now, "zh"
        ),
        "sign_data_ms": lambda: data.signed(doctor, canonical),
        "verify_data_ms": lambda: check_data(canonical, cms, roots),
        "sign_pdf_ms": lambda: sign_pdf(drawn, Seals(doctor, clock, lists), at=now, reason="审核通过", place=""),
        "verify_pdf_ms": lambda: check_pdf(pdf, roots),
    }
    found: dict[str, Any] = {"pdf_bytes": len(drawn), "signed_pdf_bytes": len(pdf)}
    for name, work in cases.items():
        times = []
        for _ in range(15):
            begun = time.perf_counter()
            work()
            times.append(time.perf_counter() - begun)
        found[name] = spread(times)
    return found


def spread(seconds: list[float]) -> dict[str, float]:
    """Median and 95th percentile in milliseconds."""
    ordered = sorted(seconds)
    return {
        "median": round(statistics.median(ordered) * 1000, 1),
        "p95": round(ordered[max(0, int(len(ordered) * 0.95) - 1)] * 1000, 1),
    }


def spin(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    """Let the window work until it holds."""
    end = time.monotonic() + seconds
    while not holds():
        QApplication.processEvents()
        assert time.monotonic() < end, "it did not come about in time"


if __name__ == "__main__":
    sys.exit(main())
