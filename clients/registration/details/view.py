"""Registration details on screen: everything of one exam, grouped, with what can be done now."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from clients.kit.badges import StateBadge
from clients.kit.labels import Button, Label, ValueLabel, hairline
from clients.kit.paging import local_time
from clients.kit.panels import EmptyState
from clients.kit.states import EXAM_LOOKS, REGISTRATION_LOOKS, TICKET_LOOKS, look_of
from clients.kit.tokens import Tone
from clients.registration.details.paper_pages import PaperPages
from clients.registration.details.presenter import DetailsPresenter
from clients.registration.details.safety_list import safety_group
from clients.registration.details.state import DetailsState
from clients.registration.exam_actions import RowAction
from clients.registration.measures import yuan
from clients.registration.words import CANCELLING, document_words, marks_of, room_named, sex_and_age, words_of
from shared.contract.base import Notice
from shared.contract.exams import ExamView
from shared.contract.organisation import HospitalView

_PAPERS = {"wristband": "打印腕带", "ticket": "打印小票", "application": "打印申请单"}
_FIRST = (RowAction.EDIT, RowAction.PRINT_BARCODE, RowAction.VIEW_IMAGES, RowAction.PREVIEW)


class DetailsView(QWidget):
    """One `render_state`; rebuilt whenever the exam changes, because it is small and read-only."""

    def __init__(
        self,
        presenter: DetailsPresenter,
        hospital: Callable[[], HospitalView | None],
        pages: Callable[[int], PaperPages] | None = None,
    ) -> None:
        """`pages` makes the widget with an exam's photographed application; it is kept while the exam stays."""
        super().__init__()
        self._make_pages = pages
        self._pages: PaperPages | None = None
        self._pages_of: tuple[int, int] | None = None
        self._presenter = presenter
        self._hospital = hospital
        self._state = presenter.state
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(16, 12, 16, 16)
        self._layout.setSpacing(8)
        self._content: QWidget | None = None
        presenter.show_to(self.render_state)

    def heard(self, notice: Notice) -> None:
        """The exam may have changed elsewhere."""
        self._presenter.heard(notice)

    def paper_sent(self, exam_id: int) -> None:
        """A photographed page of an exam has reached the server."""
        if self._pages is not None and exam_id == self._state.exam_id:
            self._pages.load()

    def _paper(self, exam: ExamView) -> PaperPages | None:
        if self._make_pages is None:
            return None
        wanted = (exam.row.id, exam.row.paper_pages)
        if self._pages is None or self._pages_of is None or self._pages_of[0] != wanted[0]:
            if self._pages is not None:
                self._pages.deleteLater()
            self._pages = self._make_pages(exam.row.id)
        elif self._pages_of != wanted:
            self._pages.load()
        self._pages_of = wanted
        return self._pages

    def render_state(self, state: DetailsState) -> None:
        """Show a state."""
        self._state = state
        if self._pages is not None:
            self._pages.setParent(self)  # kept while the rest is built anew
            self._pages.hide()
        if self._content is not None:
            self._layout.removeWidget(self._content)
            self._content.hide()
            self._content.deleteLater()
        if state.exam is not None:
            self._content = self._exam(state.exam, state)
        elif state.trouble:
            empty = EmptyState()
            empty.show_words("alert", "登记详情未能加载", "", "重试", Tone.WARNING)
            empty.acted.connect(lambda: self._presenter.open(state.exam_id or 0))
            holder = QWidget()
            box = QVBoxLayout(holder)
            box.addWidget(empty)
            why = ValueLabel(state.trouble, "caption", wrap=True)
            why.setAlignment(Qt.AlignmentFlag.AlignCenter)
            box.addWidget(why)
            self._content = holder
        else:
            waiting = EmptyState()
            waiting.show_words("hourglass", "正在加载…")
            self._content = waiting
        self._layout.addWidget(self._content, 1)

    def _exam(self, exam: ExamView, state: DetailsState) -> QWidget:
        row = exam.row
        content = QWidget()
        box = QVBoxLayout(content)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(8)
        head = QHBoxLayout()
        head.setSpacing(8)
        name = ValueLabel(row.patient_name, "headline")
        head.addWidget(name, 1)
        for mark in marks_of(row):
            head.addWidget(StateBadge(mark))
        box.addLayout(head)
        states = QHBoxLayout()
        states.setSpacing(8)
        states.addWidget(ValueLabel(sex_and_age(row.sex, row.age), "quiet"), 1)
        if state.cancel_pending:
            states.addWidget(StateBadge(CANCELLING))
        else:
            states.addWidget(StateBadge(look_of(EXAM_LOOKS, row.state)))
            if str(row.registration_state) != str(row.state):
                states.addWidget(StateBadge(look_of(REGISTRATION_LOOKS, row.registration_state)))
        box.addLayout(states)
        box.addLayout(self._buttons(state))
        box.addWidget(hairline())
        if exam.safety:
            may_answer = self._presenter.may_answer and not state.cancel_pending
            box.addLayout(safety_group(exam.safety, self._presenter.answer_safety if may_answer else None))
            box.addWidget(hairline())
        patient, requester, clinical = exam.patient_entry, exam.requester, exam.clinical
        born = patient.birth_date.isoformat() if patient.birth_date else ""
        size = "　".join(
            part
            for part in (
                f"{patient.height_cm:g} cm" if patient.height_cm else "",
                f"{patient.weight_kg:g} kg" if patient.weight_kg else "",
            )
            if part
        )
        box.addLayout(
            _group(
                "检查信息",
                (
                    ("检查号", row.accession_number),
                    ("影像号", row.image_number),
                    ("检查类型", row.exam_type),
                    ("检查室", room_named(self._hospital(), row.room_id, row.room_name)),
                    ("预检时间", local_time(row.planned_at)),
                    ("登记时间", local_time(row.registered_at)),
                    ("登记人", exam.registered_by),
                    ("排队号", row.ticket_number),
                ),
            )
        )
        if row.ticket_state is not None:
            line = QHBoxLayout()
            line.addWidget(Label("排队状态", "caption"))
            line.addWidget(StateBadge(look_of(TICKET_LOOKS, row.ticket_state)))
            line.addStretch(1)
            box.addLayout(line)
        items = QGridLayout()
        items.setColumnStretch(0, 1)
        for place, item in enumerate(exam.items):
            items.addWidget(ValueLabel(f"{item.name}　{item.body_part}", wrap=True), place, 0)
            price = ValueLabel(f"¥{yuan(item.price_fen)}", "quiet")
            price.setAlignment(Qt.AlignmentFlag.AlignRight)
            price.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
            price.setFixedWidth(88)
            items.addWidget(price, place, 1)
        box.addWidget(hairline())
        box.addWidget(Label("检查项目", "strong"))
        box.addLayout(items)
        for title, pairs in (
            (
                "患者信息",
                (
                    ("姓名拼音", patient.pinyin),
                    ("出生日期", born),
                    ("就诊卡号", patient.card_number),
                    ("住院号", patient.inpatient_number),
                    ("体检号", patient.health_check_number),
                    (document_words(patient.id_kind), patient.id_number),
                    ("电话号码", patient.phone),
                    ("身高体重", size),
                    ("住址", patient.address),
                ),
            ),
            (
                "申请信息",
                (
                    ("请检科室", requester.department),
                    ("请检医生", requester.doctor),
                    ("HIS单号", requester.his_number),
                ),
            ),
            (
                "临床信息",
                (
                    ("临床诊断", clinical.diagnosis),
                    ("检查目的", clinical.purpose),
                    ("病史摘要", clinical.history),
                    ("患者体征", clinical.signs),
                ),
            ),
        ):
            if any(value for _label, value in pairs):
                box.addWidget(hairline())
                box.addLayout(_group(title, pairs))
        paper = self._paper(exam)
        if paper is not None:
            box.addWidget(hairline())
            box.addWidget(paper)
            paper.show()
        box.addStretch(1)
        return content

    def _buttons(self, state: DetailsState) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(8)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        ordered = [action for action in _FIRST if action in state.actions]
        ordered += [action for action in state.actions if action not in ordered]
        for place, action in enumerate(ordered):
            text, icon = words_of(action)
            look = "danger" if action is RowAction.CANCEL else ""
            button = Button(text, look, icon, on_click=partial(self._presenter.do, action))
            button.setObjectName(f"details.{action}")
            grid.addWidget(button, place // 2, place % 2)
        for place, kind in enumerate(self._presenter.papers, len(ordered)):
            button = Button(_PAPERS[kind], "quiet", "print", on_click=partial(self._presenter.print_paper, kind))
            button.setObjectName(f"details.print_{kind}")
            grid.addWidget(button, place // 2, place % 2)
        return grid

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange and hasattr(self, "_layout"):
            self.render_state(self._state)
        super().changeEvent(event)


def _group(title: str, pairs: tuple[tuple[str, str], ...]) -> QVBoxLayout:
    box = QVBoxLayout()
    box.setSpacing(4)
    box.addWidget(Label(title, "strong"))
    grid = QGridLayout()
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(4)
    grid.setColumnMinimumWidth(0, 72)
    grid.setColumnStretch(1, 1)
    line = 0
    for label, value in pairs:
        if not value:
            continue
        words = Label(label, "caption")
        words.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        grid.addWidget(words, line, 0)
        grid.addWidget(ValueLabel(value, wrap=True), line, 1)
        line += 1
    box.addLayout(grid)
    return box
