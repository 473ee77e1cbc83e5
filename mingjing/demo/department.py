"""What the department does with a report beside reading it: signature, results, critical value, follow-up, quality."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from mingjing.demo.hospital import Hospital
from mingjing.demo.reading import Doctor
from mingjing.demo.record import Record, Step
from mingjing.demo.windows import Windows
from shared.contract.collections import OpenFollowUp, SaveFavourite
from shared.contract.critical import GetLoop, ListReportLoops, NotifyCritical, RecordAcknowledgement
from shared.contract.critical import ReportCritical as ReportCriticalValue
from shared.contract.quality import CaseFilter, CreateQualityTask
from shared.contract.reporting import ReportRow
from shared.domain.critical import Means

_SCORER = "sunhao"
_FINDING = "随访告知：肝内未见占位，椎体测量径线需由主管医生核对。"
_PAGES = (
    ("critical", "critical-values.png"),
    ("collections", "favourites.png"),
    ("quality", ""),
    ("statistics", "statistics.png"),
    ("signature", "signature.png"),
)


class Department:
    """One step at the auditor's workstation, after the report was approved and printed."""

    def __init__(self, record: Record, hospital: Hospital, windows: Windows, doctor: Doctor, row: ReportRow) -> None:
        self._record = record
        self._hospital = hospital
        self._windows = windows
        self._doctor = doctor
        self._row = row

    def play(self, printed: Path) -> None:
        """`printed` is the PDF that was handed out."""
        with self._record.step(
            "科室工作：验签、结果下发、危急值、收藏随访、质控、统计",
            "The department: signature checked, results sent, critical value, follow-up, quality, statistics",
        ) as step:
            step.sentences.append(_verified(printed))
            self._report_critical()
            self._other_work()
            seat = self._doctor.seat
            seat.page("worklist")
            self._doctor.desk.enter(self._row.id, None)
            self._windows.rest(1.5)
            seat.shot(self._record.file(step, "approved-report.png"))
            for page_id, name in _PAGES:
                if page_id == "quality":
                    self._score(step)
                    continue
                page = seat.page(page_id)
                self._windows.rest(1.5)
                if page_id == "critical":
                    self._choose_critical(page._presenter)
                self._windows.rest(0.5)
                seat.shot(self._record.file(step, name))
            self._acknowledge()

    def _choose_critical(self, presenter: Any) -> None:
        self._windows.until(lambda: bool(presenter.state.rows), "the critical value")
        presenter.select(presenter.state.rows[0])
        self._windows.until(lambda: presenter.state.details is not None, "what became of it")

    def _score(self, step: Step) -> None:
        """Nobody scores what they wrote or audited, so another auditor sits down."""
        seat = Doctor(self._windows, self._hospital, _SCORER).seat
        seat.sign_in()
        self._choose_case(seat.page("quality").presenter)
        self._windows.rest(0.5)
        seat.shot(self._record.file(step, "quality.png"))

    def _choose_case(self, presenter: Any) -> None:
        self._windows.until(lambda: bool(presenter.state.tasks), "the quality task")
        presenter.choose_task(presenter.state.tasks[0])
        self._windows.until(lambda: bool(presenter.state.cases), "the drawn cases")
        presenter.choose_case(presenter.state.cases[0])
        self._windows.until(lambda: presenter.state.case is not None, "the case to score")

    def _report_critical(self) -> None:
        """A finding that must be told today; the nurse was told by telephone and read it back."""
        client = self._hospital.client("chenjian")
        if not client.call(ListReportLoops(report_id=self._row.id)):
            told = ReportCriticalValue(report_id=self._row.id, name="须当日告知", finding=_FINDING, department="急诊科")
            loop = client.call(told).loop
            client.call(
                NotifyCritical(loop_id=loop.id, version=loop.version, name="刘护士", means=Means.PHONE, read_back=True)
            )
        client.close()

    def _acknowledge(self) -> None:
        """The doctor in charge answers, and the loop is closed."""
        client = self._hospital.client("chenjian")
        for loop in client.call(ListReportLoops(report_id=self._row.id)):
            version = client.call(GetLoop(loop_id=loop.id)).loop.version
            client.call(RecordAcknowledgement(loop_id=loop.id, version=version, name="赵医生", read_back=True))
        client.close()

    def _other_work(self) -> None:
        """What several people do over the day: a favourite, a follow-up, a sample for quality control."""
        client = self._hospital.client("chenjian")
        today = date.today()
        client.call(SaveFavourite(report_id=self._row.id, folder="腹部", disease="正常变异"))
        client.call(OpenFollowUp(report_id=self._row.id, due_on=today + timedelta(days=90), reason="三个月后复查"))
        sample = CaseFilter(first=today - timedelta(days=30), last=today)
        client.close()
        scorer = self._hospital.client(_SCORER)
        scorer.call(CreateQualityTask(name=f"{today:%m月}抽查", filter=sample, count=2))
        scorer.close()


def _verified(printed: Path) -> str:
    """What `mingjing report verify` says of the printed report."""
    command = [sys.executable, "-m", "mingjing", "report", "verify", str(printed)]
    told = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)
    return (told.stdout or told.stderr).strip().splitlines()[0]
