"""The use cases of reports on paper: preview, print, many as one job, and self-service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec
from sqlalchemy.exc import IntegrityError

from server.kernel.clock import HospitalTime
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import SYSTEM, Caller
from server.kernel.errors import Refusal, illegal_action, invalid, not_found
from server.printing.batches import MOST_REPORTS, Batches
from server.printing.copies import Copies, view_of
from server.printing.documents import DocumentStore
from server.printing.layout.sheet import Language, RenderedDocument
from server.printing.ports import NoSignedPapers, PatientAtKiosk, Patients, Reports, SignedPapers, Worklist
from server.printing.report_paper import ReportOrder, ReportPaper
from server.printing.self_print import Sessions, Tries, proves, read_code, read_four
from server.printing.tables import PrintBatchItem, ReportCopy
from shared.contract.base import Page
from shared.contract.printing import DocumentView
from shared.contract.report_paper import (
    BatchItemState,
    BatchPaper,
    BatchView,
    CopyOutcome,
    CopyView,
    HandoutList,
    HandoutRow,
    ListHandouts,
    ReportFactsView,
    SelfPrintAnswer,
    SelfPrintItem,
    SelfPrintOutcome,
    SelfPrintPaper,
)
from shared.contract.reporting import ReportFilter, ReportRow
from shared.domain.permissions import Permission
from shared.domain.states import ReportState

_PREVIEW = "report_preview"
_PDF = "application/pdf"
_TRIES = 4
_READY = (ReportState.APPROVED, ReportState.PRINTED)
_CAME = (CopyOutcome.PRINTED, CopyOutcome.SAVED)


class ReportPrinting:
    """Makes reports' papers. Its methods open their own short units of work, because drawing takes long."""

    def __init__(
        self, database: Database, reports: Reports, paper: ReportPaper, documents: DocumentStore, time: HospitalTime
    ) -> None:
        self._database = database
        self._reports = reports
        self.paper = paper
        self._documents = documents
        self._time = time
        self._copies = Copies(time)
        self._batches = Batches(time)
        self._sessions = Sessions(time)
        self._tries = Tries(time)
        self.signed: SignedPapers = NoSignedPapers()
        self._worklist: Worklist | None = None
        self._patients: Patients | None = None

    def bind(self, worklist: Worklist, patients: Patients) -> None:
        """Take what lists and self-service need of other areas."""
        self._worklist, self._patients = worklist, patients

    # ── one report ───────────────────────────────────────────────────────────────────────────────────

    def preview(self, caller: Caller, report_id: int, language: str, template_id: int | None = None) -> DocumentView:
        """The report as it would print now; replaces the preview before it, changes no state."""
        spoken = spoken_language(language)
        with self._database.read() as uow:
            view = self._reports.get(uow, caller, report_id)
            order = self.paper.order(uow, caller, view, spoken, template_id=template_id)
        drawn = self.paper.render(order)
        with self._database.write() as uow:
            self._documents.forget(uow, kind=_PREVIEW, subject_id=report_id)
            return self._kept(uow, _PREVIEW, drawn, report_id)

    def print(self, caller: Caller, report_id: int, language: str) -> DocumentView:
        """The approved report; it becomes 已打印 in the transaction that keeps the document (RIS-PRT-05, -06)."""

        def keep(uow: UnitOfWork, order: ReportOrder, number: int, drawn: RenderedDocument) -> DocumentView:
            self._reports.printed(uow, caller, report_id)
            return self._copy(uow, caller, order, number, drawn, "desk")

        return self._make(caller, report_id, language, keep)

    def _make(
        self,
        caller: Caller,
        report_id: int,
        language: str,
        keep: Callable[[UnitOfWork, ReportOrder, int, RenderedDocument], DocumentView],
    ) -> DocumentView:
        """Gather, draw, keep; once more where another desk took the same copy's number meanwhile."""
        spoken = spoken_language(language)
        for attempt in range(_TRIES):
            with self._database.read() as uow:
                view = self._reports.demand_printable(uow, caller, report_id)
                number = self._copies.next_number(uow, self.paper.settings_of(uow, view), view)
                order = self.paper.order(uow, caller, view, spoken, copy_number=number)
            drawn = self._signed_or_drawn(caller, order, number, language)
            try:
                with self._database.write() as uow:
                    return keep(uow, order, number, drawn)
            except IntegrityError:
                if attempt == _TRIES - 1:
                    raise
        raise AssertionError

    def _signed_or_drawn(self, caller: Caller, order: ReportOrder, number: int, language: str) -> RenderedDocument:
        """The signed paper, byte by byte; a copy that says which one it is cannot be that and is drawn anew."""
        is_marked = order.settings.marks_reprints and number > 1
        pdf = None if is_marked else self.signed.bytes_of(caller, order.view.row.id, language)
        return self.paper.render(order) if pdf is None else RenderedDocument(pdf, pages_of(pdf))

    def list_copies(self, uow: UnitOfWork, report_id: int) -> tuple[CopyView, ...]:
        """Return the print log of a report."""
        return self._copies.of_report(uow, report_id)

    def tell_copy(
        self, uow: UnitOfWork, caller: Caller, copy_id: int, outcome: CopyOutcome, printer: str, reason: str
    ) -> CopyView:
        """Keep what became of a copy; of a job's copy that came, the report becomes 已打印."""
        row = self._copies.row(uow, copy_id)
        if self._copies.tell(row, outcome, printer, reason):
            if row.place != "desk" and outcome in _CAME:
                self._reports.printed(uow, caller, row.report_id)
            self._batches.told(uow, row)
            uow.session.flush()
        return view_of(row)

    def printed_at_desk(self, uow: UnitOfWork, document_id: int, printer: str) -> None:
        """A workstation told that its printer took a report: its copy came."""
        row = self._copies.of_document(uow, document_id)
        if row is not None:
            self._copies.tell(row, CopyOutcome.PRINTED, printer, "")

    def expired_words(self, uow: UnitOfWork, code: str) -> str:
        """Return what is added to the proof of a printed copy whose QR code is too old; nothing else is said."""
        parts = code.split(":")
        if len(parts) != 3 or not parts[1].isdecimal() or len(parts[1]) > 9:
            return ""
        try:
            view = self._reports.get(uow, SYSTEM, int(parts[1]))
        except Refusal:
            return ""
        days = self.paper.settings_of(uow, view).validity_days
        if not days or view.approved_at is None or view.approved_at + timedelta(days=days) >= self._time.now():
            return ""
        return f"注意：这份报告的二维码有效期为 {days} 天，已过期，请以医院现有记录为准。"

    def facts_for_designer(self, uow: UnitOfWork, caller: Caller, number: str, language: str) -> ReportFactsView:
        """Return a real report's facts; raises NOT_FOUND."""
        spoken = spoken_language(language)
        found = self._page(uow, caller, ReportFilter(accession_number=number.strip()[:64]), 1)
        if not number.strip() or not found:
            raise not_found("检查号对应的报告")
        view = self._reports.get(uow, caller, found[0].id)
        facts = self.paper.facts_for_screen(uow, caller, view, spoken)
        return ReportFactsView(
            report_id=view.row.id,
            template_key=self.paper.settings_of(uow, view).key,
            values=dict(facts.values),
            lists={name: tuple(dict(row) for row in rows) for name, rows in facts.lists.items()},
            pictures=dict(facts.pictures),
        )

    # ── many reports ─────────────────────────────────────────────────────────────────────────────────

    def list_handouts(self, uow: UnitOfWork, caller: Caller, request: ListHandouts) -> HandoutList:
        """Return the approved reports that fit, newest exam first."""
        assert self._worklist is not None
        wanted = ReportFilter(
            states=(ReportState.APPROVED,) if request.only_unprinted else _READY,
            examined_from=request.examined_from,
            examined_to=request.examined_to,
            exam_types=request.exam_types,
            patient_name=request.patient_name,
            accession_number=request.accession_number,
            requesting_department=request.requesting_department,
        )
        page = self._worklist.page(uow, caller, wanted, Page(limit=MOST_REPORTS))
        copies = self._copies.counted(uow, [row.id for row in page.rows])
        rows = []
        for row in page.rows:
            count, last = copies.get(row.id, (0, None))
            rows.append(
                HandoutRow(
                    report_id=row.id,
                    state=row.state,
                    accession_number=row.accession_number,
                    patient_number=row.patient_number,
                    patient_name=row.patient_name,
                    sex=row.sex,
                    age=row.age,
                    patient_type=row.patient_type,
                    exam_type=row.exam_type,
                    items=row.items,
                    requesting_department=row.requesting_department,
                    auditing_doctor=row.auditing_doctor,
                    examined_at=row.examined_at,
                    approved_at=row.diagnosed_at,
                    copies=count,
                    last_printed_at=last.made_at if last is not None else None,
                    last_printed_by=last.made_by if last is not None else "",
                )
            )
        return HandoutList(total=page.total, rows=tuple(rows))

    def begin_batch(self, uow: UnitOfWork, caller: Caller, report_ids: tuple[int, ...], key: str) -> BatchView:
        """Begin a job, or return the one that this request began before."""
        known = self._batches.known(uow, caller, key)
        if known is not None:
            return known
        wanted = tuple(dict.fromkeys(report_ids))
        if not 1 <= len(wanted) <= MOST_REPORTS:
            raise invalid("report_ids", f"一次可打印 1 到 {MOST_REPORTS} 份报告，请重新选择。")
        return self._batches.begin(uow, caller, key, [self._reports.get(uow, caller, one) for one in wanted])

    def get_batch(self, uow: UnitOfWork, caller: Caller, batch_id: int) -> BatchView:
        """Return a job of the caller."""
        return self._batches.get(uow, caller, batch_id)

    def list_batches(self, uow: UnitOfWork, caller: Caller) -> tuple[BatchView, ...]:
        """Return the caller's latest jobs."""
        return self._batches.latest(uow, caller)

    def end_batch(self, uow: UnitOfWork, caller: Caller, batch_id: int) -> BatchView:
        """Give up what is left of a job."""
        return self._batches.end(uow, caller, batch_id)

    def next_of_batch(self, caller: Caller, batch_id: int, language: str, *, again: bool = False) -> BatchPaper:
        """Make the next paper of a job; what may not be printed is marked refused, with the reason."""
        with self._database.write() as uow:
            item = self._batches.next_item(uow, caller, batch_id, again=again)
            if item is None:
                return BatchPaper(batch=self._batches.get(uow, caller, batch_id))
            item_id, report_id, copy_id = item.id, item.report_id, item.copy_id
            if item.state == BatchItemState.PRINTING and copy_id:
                return BatchPaper(
                    batch=self._batches.get(uow, caller, batch_id), item_id=item_id, document=self._again(uow, copy_id)
                )

        def keep(uow: UnitOfWork, order: ReportOrder, number: int, drawn: RenderedDocument) -> DocumentView:
            row = uow.session.get(PrintBatchItem, item_id, with_for_update=True)
            if row is None or row.state != BatchItemState.WAITING:
                raise illegal_action("taken", "这份报告已由同一打印任务处理，请刷新。")
            self._reports.demand_printable(uow, caller, report_id)
            document = self._copy(uow, caller, order, number, drawn, "batch")
            row.state, row.copy_id, row.reason = BatchItemState.PRINTING.value, document.copy_id, ""
            uow.session.flush()
            return document

        document: DocumentView | None = None
        try:
            document = self._make(caller, report_id, language, keep)
        except Refusal as refusal:
            with self._database.write() as uow:
                row = uow.session.get(PrintBatchItem, item_id, with_for_update=True)
                if row is not None and row.state == BatchItemState.WAITING:
                    row.state, row.reason = BatchItemState.REFUSED.value, refusal.body.message[:200]
        with self._database.read() as uow:
            return BatchPaper(batch=self._batches.get(uow, caller, batch_id), item_id=item_id, document=document)

    # ── self-service ─────────────────────────────────────────────────────────────────────────────────

    def open_self_print(self, uow: UnitOfWork, caller: Caller, typed: str, last_four: str) -> SelfPrintAnswer:
        """Check code and digits, and open what waits for the patient; counts wrong tries."""
        assert self._patients is not None
        now, kiosk = self._time.now(), kiosk_of(caller)
        code, four = read_code(typed), read_four(last_four)
        paused = self._tries.pause_s(uow, kiosk, code)
        if paused:
            return SelfPrintAnswer(outcome=SelfPrintOutcome.PAUSED, time=now, try_again_s=paused)
        patient = self._patients.of_code(uow, code)
        if not proves(patient, four) or patient is None:
            left = self._tries.wrong(uow, kiosk, code)
            paused = self._tries.pause_s(uow, kiosk, code)
            outcome = SelfPrintOutcome.PAUSED if paused else SelfPrintOutcome.WRONG
            return SelfPrintAnswer(outcome=outcome, time=now, tries_left=left, try_again_s=paused)
        self._tries.right(uow, code)
        return self._offered(uow, patient, kiosk, now)

    def _offered(self, uow: UnitOfWork, patient: PatientAtKiosk, kiosk: str, now: datetime) -> SelfPrintAnswer:
        items: list[SelfPrintItem] = []
        ready: dict[int, int] = {}
        for exam, report_id in patient.exams:
            reason = "not_ready" if report_id is None else self._hindrance(uow, report_id, now)
            if reason in ("printed", "expired") and len(items) >= 6:
                continue
            number = 0
            if not reason and report_id is not None:
                number = len(ready) + 1
                ready[number] = report_id
            items.append(
                SelfPrintItem(
                    number=number, items=exam.items, examined_at=exam.planned_at, is_ready=not reason, reason=reason
                )
            )
        items.sort(key=lambda one: not one.is_ready)
        if ready:
            session = self._sessions.begin(kiosk, ready)
            return SelfPrintAnswer(outcome=SelfPrintOutcome.READY, time=now, session=session, items=tuple(items[:12]))
        waits = any(one.reason == "not_ready" for one in items)
        outcome = SelfPrintOutcome.NOT_READY if waits else SelfPrintOutcome.NOTHING
        return SelfPrintAnswer(outcome=outcome, time=now, items=tuple(items[:12]))

    def _hindrance(self, uow: UnitOfWork, report_id: int, now: datetime) -> str:
        """Why a report is not for the kiosk; empty if it is."""
        view = self._reports.get(uow, SYSTEM, report_id)
        if view.row.state not in _READY:
            return "not_ready"
        if view.row.state is ReportState.PRINTED:
            return "printed"
        settings = self.paper.settings_of(uow, view)
        until = None if view.approved_at is None else view.approved_at + timedelta(days=settings.validity_days)
        if settings.validity_days and until is not None and until < now:
            return "expired"
        try:
            self._copies.next_number(uow, settings, view)
        except Refusal:
            return "limit"
        return ""

    def make_self_print(self, caller: Caller, session: str, number: int, language: str) -> SelfPrintPaper:
        """Make the paper of one item; raises NOT_FOUND (session over), ILLEGAL_ACTION (no longer printable)."""
        opened = self._sessions.get(kiosk_of(caller), session)
        report_id = opened.reports.get(number)
        if report_id is None:
            raise not_found("这份报告")
        printing = _with_right(caller)
        copy_id = opened.copies.get(number)
        if copy_id is None:

            def keep(uow: UnitOfWork, order: ReportOrder, copy_number: int, drawn: RenderedDocument) -> DocumentView:
                view = self._reports.demand_printable(uow, printing, report_id)
                if view.row.state is ReportState.PRINTED:
                    raise illegal_action(view.row.state, "这份报告已经打印，如需再次打印请到窗口办理。")
                return self._copy(uow, caller, order, copy_number, drawn, "kiosk")

            document = self._make(printing, report_id, language, keep)
            opened.copies[number] = document.copy_id
        else:
            with self._database.read() as uow:
                document = self._again(uow, copy_id)
        with self._database.read() as uow:
            pdf = self._documents.open_document(uow, caller, document.id)
        return SelfPrintPaper(copy_id=document.copy_id, pdf=pdf, pages=pages_of(pdf))

    def tell_self_print(self, caller: Caller, session: str, copy_id: int, *, is_printed: bool, reason: str) -> None:
        """Paper came, or did not; what did not come may be made again."""
        opened = self._sessions.get(kiosk_of(caller), session)
        number = next((item for item, copy in opened.copies.items() if copy == copy_id), None)
        if number is None:
            raise not_found("这份报告")
        outcome = CopyOutcome.PRINTED if is_printed else CopyOutcome.FAILED
        with self._database.write() as uow:
            self.tell_copy(uow, _with_right(caller), copy_id, outcome, "自助机打印机", reason)
        if not is_printed:
            opened.copies.pop(number, None)

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────

    def _copy(
        self, uow: UnitOfWork, caller: Caller, order: ReportOrder, number: int, drawn: RenderedDocument, place: str
    ) -> DocumentView:
        document = self._kept(uow, "report", drawn, order.view.row.id)
        row = self._copies.add(
            uow, caller, order.view, order.settings, number=number, document_id=document.id, place=place
        )
        return msgspec.structs.replace(document, copy_id=row.id, copy_number=number)

    def _again(self, uow: UnitOfWork, copy_id: int) -> DocumentView:
        row = uow.session.get(ReportCopy, copy_id)
        if row is None:
            raise not_found("打印记录")
        document = self._documents.view(uow, row.document_id)
        return msgspec.structs.replace(document, copy_id=row.id, copy_number=max(0, row.copy_number))

    def _page(self, uow: UnitOfWork, caller: Caller, wanted: ReportFilter, most: int) -> tuple[ReportRow, ...]:
        assert self._worklist is not None
        return self._worklist.page(uow, caller, wanted, Page(limit=most)).rows

    def _kept(self, uow: UnitOfWork, kind: str, drawn: RenderedDocument, subject_id: int) -> DocumentView:
        warning = missing_words(drawn.missing_glyphs)
        return self._documents.keep_view(
            uow, kind=kind, media_type=_PDF, data=drawn.pdf, subject_id=subject_id, warning=warning
        )


def _with_right(caller: Caller) -> Caller:
    """A kiosk's caller for the one step that it may do to a report whose patient proved to own it."""
    return replace(caller, permissions=caller.permissions | {Permission.PRINT_REPORT})


def kiosk_of(caller: Caller) -> str:
    """Which kiosk asks."""
    return f"{caller.login}@{caller.station}"


def pages_of(pdf: bytes) -> int:
    """How many pages our own PDF has."""
    return pdf.count(b"/Type /Page\n") or 1


def spoken_language(language: str) -> Language:
    """The language of a document; raises INVALID."""
    if language == "en":
        return "en"
    if language == "zh":
        return "zh"
    raise invalid("language", "语言只能是 zh 或 en。")


def missing_words(missing: tuple[str, ...]) -> str:
    """What is said of characters that no face has."""
    return f"字体中没有这些字符，已用〓代替：{'、'.join(missing)}" if missing else ""
