"""A reading room in memory: a server of dictionaries, two measured phantoms of one patient, a desk without windows."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
from PySide6.QtWidgets import QVBoxLayout, QWidget

from clients.ecg.app import register_texts
from clients.ecg.reading.keys import ACTIONS
from clients.ecg.reading.page import ReadingPage
from clients.kit.actions import ActionGroup
from clients.kit.bell import Bell
from clients.kit.connection import FakeConnection
from clients.kit.drafts import DraftStore
from clients.kit.messages import CollectedMessages
from clients.kit.running import ImmediateRunner
from clients.kit.settings import UserSettings
from shared.contract import ecg, ecg_reports, ecg_terms
from shared.contract.errors import ErrorBody, ErrorCode, RpcError, error_for
from shared.contract.printing import DocumentView
from shared.domain.ecg import ExamState, ReportAction, ReportState
from shared.domain.ecg_reports import Danger, ReportSide
from shared.waveform import compact, kept, statements
from shared.waveform.measuring import Analysis
from shared.waveform.record import EcgRecord
from tests.clients.ecg.reading.reading_rows import (
    NOW,
    PDF,
    TEMPLATES,
    TERMS,
    a_pdf,
    a_received,
    a_row,
    an_exam,
    phantom_trace,
)

_AGREED = {
    ReportState.NONE: (ReportAction.SAVE, ReportAction.SUBMIT, ReportAction.SUBMIT_AND_PRINT),
    ReportState.SUBMITTED: (ReportAction.PRINT, ReportAction.WITHDRAW),
}
_AGREED[ReportState.DRAFT] = _AGREED[ReportState.WITHDRAWN] = _AGREED[ReportState.NONE]
_AGREED[ReportState.PENDING] = (ReportAction.SAVE, ReportAction.AUDIT, ReportAction.RETURN)


class House:
    """The server: exam 1 is read, exam 2 is 70 days old and reported."""

    def __init__(
        self, *, acquired: bool = True, p_waves: bool = True, rr_ms: float = 820.0, documents: int = 0
    ) -> None:
        acquired = acquired and not documents
        state = ExamState.ACQUIRED if acquired or documents else ExamState.AWAITING
        self.documents = tuple(a_received(number) for number in range(1, documents + 1))
        self.rows = {1: a_row(1, state), 2: a_row(2, ExamState.REPORTED, 70)}
        self.traces = {2: phantom_trace(2, 900.0)}
        if acquired:
            self.traces[1] = phantom_trace(1, rr_ms, p_waves)
        self.pages = {exam_id: self._page(exam_id) for exam_id in self.rows}
        body = ecg_reports.ReportBody(findings="P 波规律出现", diagnosis="窦性心律\n正常心电图")
        submitted = (ReportAction.PRINT,)
        self.pages[2] = self._put(2, body=body, state=ReportState.SUBMITTED, allowed=submitted, is_editable=False)
        self.account_template = ""
        self.two_levels = False
        self.prints: list[str] = []
        self.connection = FakeConnection(
            replies={
                ecg.GetEcgExam: self._exam,
                ecg.GetTrace: self._trace,
                ecg.ListHistory: lambda _request: tuple(self.rows.values()),
                ecg_reports.Open: lambda request: self.pages[request.exam_id],
                ecg_reports.Save: self._save,
                ecg_reports.Submit: self._submit,
                ecg_reports.Audit: self._audit,
                ecg_reports.Return: self._return,
                ecg_reports.Withdraw: self._withdraw,
                ecg_terms.ListTerms: lambda _request: TERMS,
                ecg_reports.ListTemplates: lambda _request: TEMPLATES,
                ecg_reports.ChooseTemplate: self._choose,
                ecg_reports.Preview: lambda _request: self._document(90),
                ecg_reports.Print: self._print,
                ecg.GetDocument: lambda request: ecg.OriginalFile(name="h.pdf", data=a_pdf(request.document_id)),
                ecg.AttachDocument: self._attach,
            },
            documents={90: PDF, 91: PDF},
        )

    def _page(self, exam_id: int) -> ecg_reports.ReportPage:
        data = self.traces.get(exam_id)
        suggested = suggested_of(exam_id, data) if data is not None else ()
        return ecg_reports.ReportPage(
            exam_id=exam_id,
            report_id=0,
            version=0,
            state=ReportState.NONE,
            side=ReportSide.LOCAL,
            body=ecg_reports.ReportBody(),
            is_saved=False,
            is_editable=True,
            obstacle="",
            writer="",
            saved_at=None,
            reader="",
            auditor="",
            submitted_at=None,
            returned="",
            needs_audit=False,
            edition=0,
            editions=(),
            document_id=0,
            print_count=0,
            suggestions=tuple(
                ecg_reports.SuggestionView(
                    code=one.code, zh=one.zh, en=one.en, reason_zh=one.reason_zh, reason_en=one.reason_en
                )
                for one in suggested
            ),
            device_statements=(),
            danger=Danger.NONE,
            danger_reasons=(),
            alarms=(),
            template="",
            consultation_id=0,
            first_opinion="",
            allowed=_AGREED[ReportState.NONE],
            documents=self.documents if exam_id == 1 else (),
            is_by_document=exam_id == 1 and bool(self.documents) and exam_id not in self.traces,
        )

    def _exam(self, request: ecg.GetEcgExam) -> ecg.EcgExamView:
        view = an_exam(self.rows[request.exam_id])
        return msgspec.structs.replace(view, documents=self.documents) if request.exam_id == 1 else view

    def _attach(self, request: ecg.AttachDocument) -> ecg.DocumentView:
        made = a_received(len(self.documents) + 1, title=request.title, file_name=request.file_name)
        self.documents = (*self.documents, made)
        by_document = 1 not in self.traces
        self._put(1, documents=self.documents, is_by_document=by_document, version=self.pages[1].version + 1)
        self.rows[1] = a_row(1)
        return made

    def _put(self, exam_id: int, **changes: Any) -> ecg_reports.ReportPage:
        self.pages[exam_id] = msgspec.structs.replace(self.pages[exam_id], **changes)
        return self.pages[exam_id]

    def change(self, **changes: Any) -> None:
        """Somebody else changed the report of exam 1."""
        self._put(1, version=self.pages[1].version + 1, **changes)

    def acquire(self) -> None:
        """A trace of exam 1 arrives."""
        self.traces[1] = phantom_trace(1)
        self.rows[1] = a_row(1)
        self.pages[1] = self._page(1)

    def _trace(self, request: ecg.GetTrace) -> ecg.TraceData:
        found = self.traces.get(request.exam_id or (request.trace_id or 0) // 10)
        if found is None:
            raise refusal(ErrorCode.NOT_FOUND)
        return found

    def _next(self, request: Any, state: ReportState, **changes: Any) -> ecg_reports.ReportPage:
        page = self.pages[request.exam_id]
        if request.version != page.version:
            raise refusal(ErrorCode.CONFLICT)
        body = getattr(request, "body", None) or page.body
        return self._put(
            request.exam_id,
            version=page.version + 1,
            state=state,
            body=body,
            is_saved=True,
            is_editable=state is not ReportState.SUBMITTED,
            allowed=_AGREED[state],
            **changes,
        )

    def _save(self, request: ecg_reports.Save) -> ecg_reports.ReportPage:
        return self._next(request, ReportState.DRAFT)

    def _submit(self, request: ecg_reports.Submit) -> ecg_reports.ReportPage:
        if not request.body.diagnosis.strip():
            raise refusal(ErrorCode.INVALID, "diagnosis")
        if self.two_levels:
            return self._next(request, ReportState.PENDING, needs_audit=True, reader="初读医生")
        return self._next(request, ReportState.SUBMITTED, document_id=91, reader="李医生", submitted_at=NOW)

    def _audit(self, request: ecg_reports.Audit) -> ecg_reports.ReportPage:
        return self._next(request, ReportState.SUBMITTED, document_id=91, auditor="张主任", submitted_at=NOW)

    def _return(self, request: ecg_reports.Return) -> ecg_reports.ReportPage:
        return self._next(request, ReportState.DRAFT, returned=request.reason)

    def _withdraw(self, request: ecg_reports.Withdraw) -> ecg_reports.ReportPage:
        return self._next(request, ReportState.WITHDRAWN, document_id=0)

    def _choose(self, request: ecg_reports.ChooseTemplate) -> str:
        self.account_template = request.template
        return request.template

    def _print(self, request: ecg_reports.Print) -> DocumentView:
        if ReportAction.PRINT not in self.pages[request.exam_id].allowed:
            raise refusal(ErrorCode.ILLEGAL_ACTION)
        self.prints.append(request.template)
        return self._document(91)

    @staticmethod
    def _document(number: int) -> DocumentView:
        return DocumentView(
            id=number, kind="report", media_type="application/pdf", size_bytes=len(PDF), sha256="", created_at=NOW
        )


_SUGGESTED: dict[tuple[int, bytes], Any] = {}


def suggested_of(exam_id: int, data: ecg.TraceData) -> Any:
    """What the rules suggest for a trace; found once."""
    key = (exam_id, data.data)
    if key not in _SUGGESTED:
        _SUGGESTED[key] = statements.suggest(*measured_of(data))
    return _SUGGESTED[key]


def measured_of(data: ecg.TraceData) -> tuple[EcgRecord, Analysis]:
    """Record and analysis of a trace as it travels."""
    record = compact.unpack(data.data)
    return record, kept.unpack(data.analysis, record)


def refusal(code: ErrorCode, field: str = "") -> RpcError:
    """What the server refuses with."""
    return error_for(ErrorBody(code=code, message="refused", field=field))


class Papers:
    """Documents of the house; what was printed is remembered."""

    def __init__(self, connection: FakeConnection) -> None:
        self._connection = connection
        self.printed: list[int] = []

    def read(self, document: DocumentView) -> bytes:
        return self._connection.fetch_document(document.id)

    def hand_out(self, document: DocumentView) -> str:
        self.printed.append(document.id)
        return "报告已送往打印机"


class DeskOfTest:
    """What a page needs of the session's desk."""

    def __init__(self, papers: Any) -> None:
        self.papers = papers
        self.exam_changed: Bell[int] = Bell()
        self.changed: Bell[tuple[str, int]] = Bell()
        self.titles: list[str] = []
        self.told: list[int] = []

    def retitle_reading(self, _exam_id: int, title: str) -> None:
        self.titles.append(title)

    def tell_exam(self, exam_id: int) -> None:
        self.told.append(exam_id)
        self.exam_changed.ring(exam_id)


class Room:
    """A page on a house, in a host widget as the shell holds it."""

    def __init__(self, folder: Path, house: House | None = None, runner: Any = None, **options: Any) -> None:
        register_texts()
        self.house = house or House()
        self.messages = CollectedMessages()
        self.host = QWidget()
        self.actions = ActionGroup(ACTIONS, self.host)
        self.papers = Papers(self.house.connection)
        self.desk = DeskOfTest(self.papers)
        self.place: Any = SimpleNamespace(
            connection=self.house.connection,
            runner=runner or ImmediateRunner(),
            messages=self.messages,
            drafts=DraftStore(folder / "drafts"),
            settings=UserSettings(folder / "user.json"),
            desk_settings=UserSettings(folder / "desk.json"),
            actions=self.actions,
            session=SimpleNamespace(user_id=1, login="doctor", name="李医生"),
            may=lambda _permission: True,
        )
        self.page = ReadingPage(self.place, 1, desk=self.desk, **options)
        box = QVBoxLayout(self.host)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.page)

    @property
    def state(self) -> Any:
        return self.page.presenter.state

    def said(self) -> list[str]:
        return [one.text for one in self.messages.said]

    def close(self) -> None:
        self.page.close()
        self.place.drafts.close()


def shown(qtbot: Any, folder: Path, house: House | None = None, **options: Any) -> Room:
    """A page on screen, as large as a small window leaves it."""
    made = Room(folder, house, **options)
    qtbot.addWidget(made.host)
    made.host.resize(1278, 664)
    made.host.show()
    return made


def diagnose(room: Room, text: str) -> None:
    """Write into 心电诊断."""
    room.page.conclusion.editors["diagnosis"].setPlainText(text)
