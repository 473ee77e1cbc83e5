"""What the pages of one signed-in user share: master data, exam actions, documents, drafts, details and previews."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer

from clients.kit.camera.importing import NotAPicture
from clients.kit.camera.opencv_cameras import OpenCvCameras
from clients.kit.camera.port import Cameras, CameraTrouble
from clients.kit.drafts import DraftStore
from clients.kit.printing.documents import ServerDocuments
from clients.kit.sealed_files import SealedFiles
from clients.kit.settings import UserSettings
from clients.kit.shell import Workplace
from clients.registration.booking.presenter import BookingPresenter
from clients.registration.drafts import BookingDrafts
from clients.registration.exam_actions import ExamActions, Preview
from clients.registration.paper.outbox import PaperOutbox
from clients.registration.paper.presenter import PaperPresenter
from clients.registration.patient_kinds import remember_kinds
from clients.registration.viewing import LinkedViewer
from shared.contract.base import Changed, Notice
from shared.contract.errors import RpcError
from shared.contract.exams import ExamRow, ExamView
from shared.contract.organisation import GetHospital, HospitalView, RoomView
from shared.contract.scheduling import RescheduleExam
from shared.domain.permissions import Permission

if TYPE_CHECKING:
    from clients.registration.picking.state import PickState
    from clients.registration.referral.presenter import ReferralPresenter

log = logging.getLogger(__name__)

PRINT_RETRY_MS = 5000
"""How often the waiting prints are looked at; each waits longer after every failure."""

RETRY_MS = 3000
"""Pause before the master data are asked for again."""


def local_now() -> datetime:
    """The present moment in the desk's time zone."""
    return datetime.now().astimezone()


def cameras_of(settings: UserSettings) -> Cameras:
    """The cameras of this desk; a folder of pictures takes their place where the desk is set so (`camera/virtual`)."""
    folder = str(settings.get("camera/virtual", ""))
    if folder:
        from clients.kit.camera.virtual_cameras import VirtualCameras

        try:
            return VirtualCameras.of_folder(Path(folder))
        except (OSError, CameraTrouble, NotAPicture) as error:
            log.warning("the virtual camera has no pictures: %s", type(error).__name__)
    return OpenCvCameras()


class Desk:
    """Made once per session by the first page that is shown."""

    cameras: Callable[[UserSettings], Cameras] = staticmethod(cameras_of)
    clock: Callable[[], datetime] = staticmethod(local_now)

    def __init__(self, place: Workplace) -> None:
        connection: Any = place.connection
        self._place = place
        self.hospital: HospitalView | None = None
        self._waiting_for_hospital: list[Callable[[], None]] = []
        self.documents = ServerDocuments(connection, place.desk_settings)
        self._print_timer = QTimer(place.shell)
        self._print_timer.timeout.connect(self._try_waiting_prints)
        self._print_timer.start(PRINT_RETRY_MS)
        self._drafts = DraftStore.for_user(place.session.login)
        self.viewer = LinkedViewer(place.connection, place.session, place.messages, place.shell)
        self.actions = ExamActions(
            place.connection, place.runner, place.messages, self.documents, self.viewer, self._later
        )
        self.actions.edit_with(self._edit)
        self.actions.show_details_with(self._show_details)
        self.actions.preview_with(self._show_preview)
        self.actions.reschedule_with(self._reschedule)
        self.actions.edit_referrals_with(self._edit_referral)
        self._cameras = self.cameras(place.desk_settings)
        self.paper = self._make_paper("paper")
        self.referral_paper = self._make_paper("referral-paper")  # pages of the one form never go to the other's exam
        self._closed = False
        self._told = False
        place.on_notice(self._heard)
        self.load_hospital()

    def _make_paper(self, name: str) -> PaperPresenter:
        place = self._place
        return PaperPresenter(
            place.connection,
            place.runner,
            place.messages,
            PaperOutbox(SealedFiles.for_user(place.session.login, name)),
            self._cameras,
            place.desk_settings,
            self._later,
            on_sent=self._paper_sent,
        )

    def booking_presenter(self, on_registered: Callable[[int], None]) -> BookingPresenter:
        """The presenter of the new booking."""
        place = self._place
        return BookingPresenter(
            place.connection,
            place.runner,
            place.messages,
            self.documents,
            BookingDrafts(self._drafts),
            place.settings,
            self.clock,
            on_registered=on_registered,
            papers=self.paper,
        )

    def referral_presenter(self, on_registered: Callable[[int], None]) -> ReferralPresenter:
        """The presenter of the new referral."""
        from clients.registration.referral.presenter import ReferralPresenter

        place = self._place
        return ReferralPresenter(
            place.connection,
            place.runner,
            place.messages,
            self.documents,
            BookingDrafts(self._drafts, "referral"),
            place.settings,
            self.clock,
            on_registered=on_registered,
            papers=self.referral_paper,
        )

    def with_hospital(self, listener: Callable[[], None]) -> None:
        """Call `listener` when the master data are there, and whenever they change."""
        self._waiting_for_hospital.append(listener)
        if self.hospital is not None:
            listener()

    def load_hospital(self) -> None:
        """Fetch the master data; a lost line is tried again until it comes back."""
        place = self._place
        place.runner.run(
            lambda: place.connection.call(GetHospital()), self._hospital_came, self._hospital_failed, key="hospital"
        )

    def _hospital_came(self, hospital: HospitalView) -> None:
        self.hospital = hospital
        remember_kinds(hospital)
        for listener in tuple(self._waiting_for_hospital):
            listener()

    def _hospital_failed(self, error: Exception) -> None:
        if self.hospital is None and not self._closed:
            if not self._told:
                self._told = True
                self._place.messages.report(error)
            QTimer.singleShot(RETRY_MS, self._place.shell, self.load_hospital)

    def _heard(self, notice: Notice) -> None:
        if isinstance(notice, Changed) and notice.entity == "hospital":
            self.load_hospital()

    def _later(self, seconds: float, callback: Callable[[], None]) -> Callable[[], None]:
        timer = QTimer(self._place.shell)
        timer.setSingleShot(True)
        timer.timeout.connect(callback)
        timer.start(round(seconds * 1000))
        return timer.stop

    def _edit(self, exam_id: int) -> None:
        page: Any = self._place.go_to("registration")
        page.edit_exam(exam_id)

    def _show_details(self, exam_id: int) -> None:
        from clients.registration.details.presenter import DetailsPresenter
        from clients.registration.details.view import DetailsView

        place = self._place
        may_answer = place.may(Permission.CALL)
        presenter = DetailsPresenter(
            place.connection, place.runner, place.messages, self.actions, may_answer=may_answer
        )
        view = DetailsView(presenter, lambda: self.hospital, self._paper_pages)
        place.side_panel.show_content("登记详情", view)
        presenter.open(exam_id)

    def _paper_pages(self, exam_id: int) -> Any:
        from clients.registration.details.paper_pages import PaperPages

        place = self._place
        line: Any = place.connection
        may_take = place.may(Permission.REGISTER)
        take = (lambda: self.show_paper(exam_id)) if may_take else None
        return PaperPages(exam_id, line, place.runner, place.messages, take)

    def _edit_referral(self, exam_id: int) -> None:
        page: Any = self._place.go_to("referral")
        page.edit_exam(exam_id)

    def _reschedule(self, row: ExamRow) -> None:
        """改约 in the side panel."""
        place, hospital = self._place, self.hospital
        if hospital is None:
            return

        def send(picked: PickState) -> ExamView:
            assert picked.slot_id is not None
            request = RescheduleExam(
                exam_id=row.id, version=picked.exam.version, slot_id=picked.slot_id, reason=picked.reason.strip()
            )
            return place.connection.call(request)

        def done(exam: ExamView) -> None:
            place.side_panel.close_panel()
            self.actions.moved(exam)

        self.show_picking("改约", row, hospital.rooms, send, done, needs_reason=True)

    def show_picking(
        self,
        title: str,
        row: ExamRow,
        rooms: tuple[RoomView, ...],
        send: Callable[[PickState], Any],
        done: Callable[[Any], None],
        *,
        needs_reason: bool,
    ) -> None:
        """Show rooms and slots for an exam in the side panel."""
        from clients.registration.picking.presenter import PickPresenter
        from clients.registration.picking.view import PickPanel

        place = self._place
        presenter = PickPresenter(
            place.connection,
            place.runner,
            place.messages,
            row,
            rooms,
            self.clock,
            send,
            needs_reason=needs_reason,
            done=done,
        )
        place.side_panel.show_content(title, PickPanel(presenter, title), width=PickPanel.WIDTH)
        presenter.start()

    def _show_preview(self, preview: Preview) -> None:
        from clients.registration.preview import PreviewPanel

        panel = PreviewPanel(preview, lambda: self.actions.hand_out(preview.document))
        self._place.side_panel.show_content("预览打印", panel, width=PreviewPanel.WIDTH)

    def show_referral_paper(self) -> None:
        """拍摄申请单 for the referral being typed."""
        self.show_paper(of=self.referral_paper)

    def show_paper(self, exam_id: int | None = None, *, of: PaperPresenter | None = None) -> None:
        """拍摄申请单 in the side panel: for the booking being typed, or for a registered exam."""
        from clients.registration.paper.view import WIDTH, PaperPanel

        paper = of or self.paper
        content: Any = self._place.side_panel.content
        if isinstance(content, PaperPanel) and content.presenter is paper and paper.state.exam_id == exam_id:
            content.take()
            return
        paper.open_for(exam_id)
        panel = PaperPanel(paper, self._cameras)
        self._place.side_panel.show_content("拍摄申请单", panel, width=WIDTH)

    def _paper_sent(self, exam_id: int) -> None:
        content: Any = self._place.side_panel.content
        if content is not None and hasattr(content, "paper_sent"):
            content.paper_sent(exam_id)

    def show_printers(self) -> None:
        """打印机设置 of this desk, in the side panel."""
        from clients.registration.printing_setup import PrintingSetup, printer_names

        place = self._place
        setup = PrintingSetup(
            place.desk_settings, printer_names(), self.documents.queue, self._print_test_page, self._in_background
        )
        setup.changed.connect(lambda: place.scanner.follow(place.desk_settings))
        place.side_panel.show_content("打印机设置", setup, width=PrintingSetup.WIDTH)

    def _print_test_page(self, kind: str) -> None:
        place = self._place
        place.runner.run(lambda: self.documents.print_test_page(kind), place.messages.say, place.messages.report)

    def _in_background(self, work: Callable[[], None]) -> None:
        self._place.runner.run(work, lambda _done: None, self._place.messages.report)

    def _try_waiting_prints(self) -> None:
        if self.documents.queue.has_work:
            self._place.runner.run(
                self.documents.queue.work_due, lambda _done: None, self._place.messages.report, key="print-queue"
            )

    def heard_details(self, notice: Notice) -> None:
        """Let an open details panel follow a change."""
        content: Any = self._place.side_panel.content
        if content is not None and hasattr(content, "heard"):
            content.heard(notice)

    def close(self) -> None:
        """The window closes: what waited for an undo is sent, and drafts are on disk."""
        if self._closed:
            return
        self._closed = True
        self._print_timer.stop()
        try:
            self.actions.flush()
        except RpcError as error:
            log.warning("a cancellation could not be sent at the end: %s", error.code)
        self._drafts.close()
        self.viewer.close()


class DeskKeeper:
    """Gives every page of one shell the same desk, and a new one after the next log-in."""

    def __init__(self) -> None:
        self._desk: Desk | None = None
        self._shell: object = None

    def desk_for(self, place: Workplace) -> Desk:
        """The desk of this session."""
        if self._desk is None or self._shell is not place.shell:
            self._desk, self._shell = Desk(place), place.shell
        return self._desk
