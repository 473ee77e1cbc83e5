"""What can be done with a registered exam, the same from today's list, management and details."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from clients.kit.messages import Messages, message_for
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.registration.measures import short_time
from clients.registration.screen import Documents, Later
from shared.contract.base import Request
from shared.contract.errors import ErrorBody, ErrorCode, error_for
from shared.contract.exams import CancelExam, ExamRow, ExamView, PushExam
from shared.contract.printing import (
    DocumentView,
    PreviewReport,
    PrintApplication,
    PrintBarcode,
    PrintRegistrationForm,
    PrintTicket,
    PrintWristband,
    ReferralForm,
)
from shared.contract.queueing import SignIn, SignInAgain, TicketView
from shared.domain.states import ExamAction, ExamState, ReferralState, ReportState, TicketState

UNDO_SECONDS = 8.0
"""How long a cancellation waits for the undo before it is sent."""


class RowAction(enum.StrEnum):
    """The actions of a row, in the order of the requirements."""

    PRINT_BARCODE = "print_barcode"
    PREVIEW = "preview"
    VIEW_IMAGES = "view_images"
    DETAILS = "details"
    PRINT_FORM = "print_form"
    PRINT_REFERRAL = "print_referral"
    EDIT = "edit"
    RESCHEDULE = "reschedule"
    PUSH = "push"
    CANCEL = "cancel"
    SIGN_IN = "sign_in"
    SIGN_IN_AGAIN = "sign_in_again"


@dataclass(frozen=True)
class Preview:
    """A document with its bytes, ready to be looked at."""

    document: DocumentView
    data: bytes


class Viewer(Protocol):
    """The image viewer, which is a process of its own."""

    def open_study(self, study_uid: str) -> None:
        """Show a study (blocking); raises RpcError or ViewerMissing."""
        ...


class ViewerMissing(RuntimeError):
    """The viewer is not installed or did not start; the argument is a Chinese source sentence."""


_PAPERS: dict[str, Callable[..., Request[DocumentView]]] = {
    "wristband": PrintWristband,
    "ticket": PrintTicket,
    "application": PrintApplication,
}

_DIRECT = {
    ExamAction.PRINT_BARCODE: RowAction.PRINT_BARCODE,
    ExamAction.VIEW_IMAGES: RowAction.VIEW_IMAGES,
    ExamAction.PRINT_FORM: RowAction.PRINT_FORM,
    ExamAction.EDIT: RowAction.EDIT,
    ExamAction.RESCHEDULE: RowAction.RESCHEDULE,
    ExamAction.PUSH: RowAction.PUSH,
    ExamAction.CANCEL: RowAction.CANCEL,
}


def actions_of(row: ExamRow) -> tuple[RowAction, ...]:
    """What the row offers now, from what the server allows."""
    offered = {RowAction.DETAILS}
    offered |= {_DIRECT[action] for action in row.allowed if action in _DIRECT}
    if ExamAction.PRINT_FORM in row.allowed or ExamAction.PRINT_REPORT in row.allowed:
        offered.add(RowAction.PREVIEW)
    if row.ticket_state is TicketState.PASSED:
        offered.add(RowAction.SIGN_IN_AGAIN)
    if row.ticket_state is TicketState.NOT_SIGNED_IN:
        offered.add(RowAction.SIGN_IN)
    if row.referral_id is not None and row.state is not ExamState.CANCELLED:
        offered.add(RowAction.PRINT_REFERRAL)
    return tuple(action for action in RowAction if action in offered)


class ExamActions:
    """Does the actions. `changed` is called with the exam's id after the server did something to it."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        documents: Documents,
        viewer: Viewer,
        later: Later,
    ) -> None:
        self._caller = caller
        self._runner = runner
        self._messages = messages
        self._documents = documents
        self._viewer = viewer
        self._later = later
        self._listeners: list[Callable[[int], None]] = []
        self._editor: Callable[[int], None] = lambda _exam_id: None
        self._details: Callable[[int], None] = lambda _exam_id: None
        self._rescheduler: Callable[[ExamRow], None] = lambda _row: None
        self._referral_editor: Callable[[int], None] = lambda _exam_id: None
        self._previewer: Callable[[Preview], None] = lambda _preview: None
        self._pending: dict[int, tuple[ExamRow, Callable[[], None]]] = {}

    @property
    def pending(self) -> frozenset[int]:
        """Exams whose cancellation waits for a possible undo."""
        return frozenset(self._pending)

    def on_change(self, listener: Callable[[int], None]) -> None:
        """Hear the id of every exam that changed here."""
        self._listeners.append(listener)

    def edit_with(self, editor: Callable[[int], None]) -> None:
        """Say who edits an exam."""
        self._editor = editor

    def show_details_with(self, details: Callable[[int], None]) -> None:
        """Say who shows an exam's details."""
        self._details = details

    def preview_with(self, previewer: Callable[[Preview], None]) -> None:
        """Say who shows a document."""
        self._previewer = previewer

    def do(self, action: RowAction, row: ExamRow) -> None:
        """Do one of the row's actions; one that the row does not offer is not done."""
        if action not in actions_of(row):
            return
        {
            RowAction.PRINT_BARCODE: self.print_barcode,
            RowAction.PREVIEW: self.preview,
            RowAction.VIEW_IMAGES: self.view_images,
            RowAction.DETAILS: lambda chosen: self.show_details(chosen.id),
            RowAction.PRINT_FORM: self.print_form,
            RowAction.EDIT: self.edit,
            RowAction.RESCHEDULE: self._rescheduler,
            RowAction.PRINT_REFERRAL: lambda chosen: self.print_referral(chosen.referral_id),
            RowAction.PUSH: self.push,
            RowAction.CANCEL: self.cancel,
            RowAction.SIGN_IN: self.sign_in,
            RowAction.SIGN_IN_AGAIN: self.sign_in_again,
        }[action](row)

    def edit(self, row: ExamRow) -> None:
        """编辑登记; a referral that waits for its receiver is changed where it was made."""
        waits = row.referral_state is ReferralState.SENT
        (self._referral_editor if waits else self._editor)(row.id)

    def edit_referrals_with(self, editor: Callable[[int], None]) -> None:
        """Say who edits a referral that waits."""
        self._referral_editor = editor

    def preview_paper(self, kind: str, row: ExamRow) -> None:
        """Show a document of the exam, e.g. its application (申请单)."""

        def work() -> Preview:
            document = self._caller.call(_PAPERS[kind](exam_id=row.id))
            return Preview(document, self._documents.read(document))

        self._runner.run(work, self._show_preview, self._messages.report, key="preview")

    def show_details(self, exam_id: int) -> None:
        """登记详情."""
        self._details(exam_id)

    def print_barcode(self, row: ExamRow) -> None:
        """打印条码."""
        output = self._documents.output("barcode")
        self._hand_out(lambda: self._caller.call(PrintBarcode(exam_id=row.id, output=output)))

    def print_form(self, row: ExamRow) -> None:
        """打印登记单."""
        output = self._documents.output("registration_form")
        self._hand_out(lambda: self._caller.call(PrintRegistrationForm(exam_id=row.id, output=output)))

    def print_referral(self, referral_id: int | None) -> None:
        """打印转诊单."""
        if referral_id is not None:
            output = self._documents.output("referral_form")
            self._hand_out(lambda: self._caller.call(ReferralForm(referral_id=referral_id, output=output)))

    def reschedule_with(self, rescheduler: Callable[[ExamRow], None]) -> None:
        """Say who moves an exam to another slot."""
        self._rescheduler = rescheduler

    def moved(self, exam: ExamView) -> None:
        """An exam was moved to another slot."""
        words = tr("{name} 已改约到 {when}。", name=exam.row.patient_name, when=short_time(exam.row.planned_at))
        self._messages.say(words, Tone.SUCCESS)
        self._tell(exam.row.id)

    def print_paper(self, kind: str, row: ExamRow) -> None:
        """打印腕带, 打印小票, 打印申请单: a document of the exam that has no button of its own in every list."""
        request = _PAPERS[kind]
        output = self._documents.output(kind)
        self._hand_out(lambda: self._caller.call(request(exam_id=row.id, output=output)))

    def preview(self, row: ExamRow) -> None:
        """预览打印: the report once it is approved, else the registration form (RIS-OPN-01)."""

        def work() -> Preview:
            if row.report_id is not None and row.report_state in (ReportState.APPROVED, ReportState.PRINTED):
                document = self._caller.call(PreviewReport(report_id=row.report_id))
            else:
                document = self._caller.call(PrintRegistrationForm(exam_id=row.id))
            return Preview(document, self._documents.read(document))

        self._runner.run(work, self._show_preview, self._messages.report, key="preview")

    def _show_preview(self, preview: Preview) -> None:
        self._previewer(preview)

    def hand_out(self, document: DocumentView) -> None:
        """Print a document that was previewed."""
        self._hand_out(lambda: document)

    def _hand_out(self, make: Callable[[], DocumentView]) -> None:
        self._runner.run(lambda: self._documents.hand_out(make()), self._messages.say, self._messages.report)

    def view_images(self, row: ExamRow) -> None:
        """查看影像: the viewer opens, or a sentence says that no image has come."""
        if not row.has_images or not row.study_uid:
            self._messages.say(message_for(error_for(ErrorBody(code=ErrorCode.NO_IMAGES, message=""))).text, Tone.INFO)
            return

        def failed(error: Exception) -> None:
            if isinstance(error, ViewerMissing):
                self._messages.say(tr(str(error)), Tone.WARNING)
            else:
                self._messages.report(error)

        self._runner.run(lambda: self._viewer.open_study(row.study_uid), lambda _done: None, failed, key="viewer")

    def push(self, row: ExamRow) -> None:
        """推送登记信息."""

        def pushed(exam: ExamView) -> None:
            self._messages.say(tr("检查 {number} 已重新推送。", number=exam.row.accession_number), Tone.SUCCESS)
            self._tell(exam.row.id)

        request = PushExam(exam_id=row.id, version=row.version)
        self._runner.run(lambda: self._caller.call(request), pushed, self._failed(row.id))

    def sign_in(self, row: ExamRow) -> None:
        """签到: the patient is here and waits (only where the room wants patients to check in)."""

        def done(ticket: TicketView) -> None:
            self._messages.say(tr("{number} 已签到，可以叫号。", number=ticket.number), Tone.SUCCESS)
            self._tell(row.id)

        self._runner.run(lambda: self._caller.call(SignIn(exam_id=row.id)), done, self._failed(row.id))

    def sign_in_again(self, row: ExamRow) -> None:
        """重新签到."""

        def signed_in(ticket: TicketView) -> None:
            self._messages.say(tr("{number} 已重新签到，回到候诊队列。", number=ticket.number), Tone.SUCCESS)
            self._tell(row.id)

        request = SignInAgain(exam_id=row.id)
        self._runner.run(lambda: self._caller.call(request), signed_in, self._failed(row.id))

    def cancel(self, row: ExamRow) -> None:
        """取消登记: done after a few seconds in which it can be undone, instead of a question before."""
        if row.id in self._pending:
            return
        take_back = self._later(UNDO_SECONDS, lambda: self._send_cancel(row.id))
        self._pending[row.id] = (row, take_back)
        self._tell(row.id)
        sentence = tr("已取消 {name} 的检查 {number}。", name=row.patient_name, number=row.accession_number)
        self._messages.offer_undo(sentence, lambda: self._undo_cancel(row.id))

    def _undo_cancel(self, exam_id: int) -> None:
        waiting = self._pending.pop(exam_id, None)
        if waiting is None:
            self._messages.say(tr("取消已生效，无法撤销；请重新登记。"), Tone.WARNING)
            return
        waiting[1]()
        self._tell(exam_id)

    def _send_cancel(self, exam_id: int) -> None:
        waiting = self._pending.pop(exam_id, None)
        if waiting is None:
            return
        request = CancelExam(exam_id=exam_id, version=waiting[0].version)

        def failed(error: Exception) -> None:
            self._failed(exam_id)(error)

        self._runner.run(lambda: self._caller.call(request), lambda _exam: self._tell(exam_id), failed)

    def flush(self) -> None:
        """The window closes: send every cancellation that still waits for its undo, in the caller's thread."""
        for exam_id, (row, take_back) in tuple(self._pending.items()):
            take_back()
            del self._pending[exam_id]
            self._caller.call(CancelExam(exam_id=exam_id, version=row.version))

    def _failed(self, exam_id: int) -> Callable[[Exception], None]:
        def failed(error: Exception) -> None:
            self._messages.report(error)
            self._tell(exam_id)

        return failed

    def _tell(self, exam_id: int) -> None:
        for listener in self._listeners:
            listener(exam_id)
