"""The new-booking pane: builds the form, reports intentions, shows states."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Any, ClassVar

import msgspec
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QScrollArea, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from clients.kit.actions import ActionGroup
from clients.kit.choosing import Switch
from clients.kit.fields import (
    Choice,
    ChoiceField,
    DateField,
    DateTimeField,
    LongTextField,
    Section,
    SwitchField,
    TextField,
)
from clients.kit.forms import FormView
from clients.kit.labels import Button, Glyph, Label, ValueLabel, hairline
from clients.kit.paging import local_clock
from clients.kit.tokens import Tone
from clients.kit.translations import on_language_change, tr
from clients.registration.booking.chosen_items import ChosenItems
from clients.registration.booking.item_entry import ItemEntry
from clients.registration.booking.offers import Offer, OfferCard
from clients.registration.booking.presenter import BookingPresenter
from clients.registration.booking.safety_answers import first_open
from clients.registration.booking.safety_view import SafetySection
from clients.registration.booking.state import BookingState
from clients.registration.booking.warnings import WarningCard
from clients.registration.paper.state import PaperState
from clients.registration.patient_kinds import kind_choices
from clients.registration.words import choices_of, document_kinds, likeness_words, sex_and_age, sex_choices
from shared.contract.exams import ApplicationView
from shared.contract.patients import PatientView, SimilarPatient
from shared.domain.identity_documents import DocumentKind
from shared.domain.states import PatientType

TABS = ("基本信息", "临床信息", "其它信息")
_PATIENT = ("name", "sex", "birth_date", "age", "id_number", "id_kind", "card_number", "phone", "inpatient_number")
_REQUEST = ("campus_id", "room_id", "planned_at", "patient_kind", "is_in_arrears")
_CLINICAL = ("diagnosis", "purpose", "history", "signs")
_OTHER = ("pinyin", "health_check_number", "height_cm", "weight_kg", "address")
_REQUESTER = ("department", "doctor", "his_number")
_TAB_OF = dict.fromkeys(_CLINICAL, 1) | dict.fromkeys((*_OTHER, *_REQUESTER), 2)


def _patient_form() -> FormView:
    return FormView(
        [
            Section(
                "患者信息",
                [
                    TextField(key="name", label="姓名", required=True),
                    ChoiceField(key="sex", label="性别", required=True, choices=sex_choices()),
                    DateField(key="birth_date", label="出生日期", required=True, latest=date.today()),
                    TextField(key="age", label="年龄", max_length=8, placeholder="45、7月、12天"),
                    TextField(key="id_number", label="证件号", max_length=24, span=2),
                    ChoiceField(
                        key="id_kind", label="证件类型", choices=document_kinds(), initial=DocumentKind.RESIDENT
                    ),
                    TextField(key="card_number", label="就诊卡号", max_length=32),
                    TextField(key="phone", label="电话号码", max_length=32),
                    TextField(key="inpatient_number", label="住院号", max_length=32),
                ],
            )
        ],
        columns=4,
    )


def _request_form() -> FormView:
    types = kind_choices(None)
    return FormView(
        [
            Section(
                "请检信息",
                [
                    ChoiceField(key="campus_id", label="院区", required=True),
                    ChoiceField(key="room_id", label="检查室", required=True),
                    DateTimeField(key="planned_at", label="预检时间（留空为现在）", span=2),
                    ChoiceField(
                        key="patient_kind", label="患者类型", choices=types, initial=PatientType.ORDINARY.value
                    ),
                    SwitchField(key="is_in_arrears", label="欠费"),
                ],
            )
        ],
        columns=4,
    )


def _clinical_form() -> FormView:
    labels = {"diagnosis": "临床诊断", "purpose": "检查目的", "history": "病史摘要", "signs": "患者体征"}
    return FormView([Section("", [LongTextField(key=key, label=labels[key]) for key in _CLINICAL])], columns=2)


def _other_form() -> FormView:
    return FormView(
        [
            Section(
                "其它信息",
                [
                    TextField(key="pinyin", label="姓名拼音"),
                    TextField(key="health_check_number", label="体检号", max_length=32),
                    TextField(key="height_cm", label="身高（厘米）", max_length=6),
                    TextField(key="weight_kg", label="体重（千克）", max_length=6),
                    TextField(key="address", label="住址", max_length=200, span=3),
                ],
            ),
            Section(
                "申请信息",
                [
                    TextField(key="department", label="请检科室"),
                    TextField(key="doctor", label="请检医生"),
                    TextField(key="his_number", label="HIS单号"),
                ],
            ),
        ],
        columns=3,
    )


class BookingView(QWidget):
    """One `render(state)`; everything else is the presenter's business."""

    REQUEST: ClassVar[tuple[str, ...]] = _REQUEST
    """Keys of the request block, each of a field of the form."""
    PAGE: ClassVar[str] = "registration"
    """First word of the page's actions."""
    TITLES: ClassVar[tuple[str, str]] = ("新建预约登记", "编辑登记")

    def __init__(self, presenter: BookingPresenter, actions: ActionGroup) -> None:
        super().__init__()
        self._presenter = presenter
        self._state = presenter.state
        self._rendering = False
        self._pages = 0
        self.setProperty("look", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.patient, self.request = _patient_form(), self._make_request()
        self.clinical, self.other = _clinical_form(), _other_form()
        self.items = ItemEntry()
        self.chosen = ChosenItems()
        self.safety = SafetySection(presenter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._head(actions))
        layout.addWidget(self._tabs())
        layout.addWidget(hairline())
        layout.addWidget(self._body(), 1)
        layout.addWidget(hairline())
        layout.addLayout(self._foot(actions))
        self._connect()
        self._forget = on_language_change(self._retranslate)
        self.destroyed.connect(_Call(self._forget))
        self._retranslate()
        presenter.show_to(self.render_state)

    def _make_request(self) -> FormView:
        """The request block; the referral's is another one."""
        return _request_form()

    # ── building ─────────────────────────────────────────────────────────────────────────────────────

    def _head(self, actions: ActionGroup) -> QVBoxLayout:
        box = QVBoxLayout()
        box.setContentsMargins(16, 12, 16, 4)
        box.setSpacing(8)
        line = QHBoxLayout()
        self._title = Label(self.TITLES[0], "title")
        self._editing = ValueLabel("", "quiet")
        line.addWidget(self._title)
        line.addWidget(self._editing, 1)
        self.paper = actions.button(f"{self.PAGE}.paper")
        self._pages_words = Label("", "caption")
        line.addWidget(self._pages_words)
        line.addWidget(self.paper)
        self.barcode = Switch("条码打印", checked=True)
        self.barcode.clicked.connect(self._presenter.set_print_barcode)
        line.addWidget(self.barcode)
        box.addLayout(line)
        query = QHBoxLayout()
        query.setSpacing(8)
        self.number = QLineEdit()
        self.number.setObjectName("number")
        self.number.setMaxLength(40)
        self.number.textEdited.connect(self._presenter.type_number)
        self.number.returnPressed.connect(self._presenter.query)
        query.addWidget(self.number, 1)
        self._query = Button("查询", icon="search", on_click=self._presenter.query)
        query.addWidget(self._query)
        self._query_row = QWidget()
        self._query_row.setLayout(query)
        query.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self._query_row)
        hint = QHBoxLayout()
        hint.setSpacing(4)
        self._hint_glyph = Glyph("details", 14)
        self._hint = ValueLabel("", "caption")
        hint.addWidget(self._hint_glyph)
        hint.addWidget(self._hint, 1)
        self._hint_row = QWidget()
        self._hint_row.setLayout(hint)
        hint.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self._hint_row)
        self.applications = OfferCard("待登记的申请单", "clipboard")
        self.patients = OfferCard("找到的患者", "users")
        box.addWidget(self.applications)
        box.addWidget(self.patients)
        return box

    def _tabs(self) -> QTabBar:
        self.tabs = QTabBar()
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        for title in TABS:
            self.tabs.addTab(title)
        self.tabs.currentChanged.connect(self._show_tab)
        return self.tabs

    def _body(self) -> QWidget:
        self._stack = QStackedWidget()
        basic = QWidget()
        box = QVBoxLayout(basic)
        box.setContentsMargins(16, 12, 16, 12)
        box.setSpacing(12)
        box.addWidget(self.patient)
        self.similar = OfferCard("可能是同一位患者", "users", self._presenter.dismiss_similar)
        box.addWidget(self.similar)
        box.addWidget(self.request)
        self.warnings = WarningCard()
        box.addWidget(self.warnings)
        box.addLayout(self._exam_block())
        box.addWidget(self.safety)
        box.addStretch(1)
        self._basic = _scrolled(basic)
        self._stack.addWidget(self._basic)
        for form in (self.clinical, self.other):
            page = QWidget()
            inner = QVBoxLayout(page)
            inner.setContentsMargins(16, 12, 16, 12)
            inner.addWidget(form)
            self._stack.addWidget(_scrolled(page))
        return self._stack

    def _exam_block(self) -> QVBoxLayout:
        box = QVBoxLayout()
        box.setSpacing(8)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(Label("检查信息", "strong"))
        head.addWidget(hairline(), 1)
        box.addLayout(head)
        box.addWidget(self.items)
        self._items_wrong = Label("", "error", wrap=True)
        box.addWidget(self._items_wrong)
        box.addWidget(self.chosen)
        return box

    def _foot(self, actions: ActionGroup) -> QHBoxLayout:
        box = QHBoxLayout()
        box.setContentsMargins(16, 8, 16, 8)
        box.setSpacing(8)
        self._foot_glyph = Glyph("alert", 16, Tone.WARNING)
        self._foot_words = ValueLabel("", "quiet")
        box.addWidget(self._foot_glyph)
        box.addWidget(self._foot_words, 1)
        self.clear = actions.button(f"{self.PAGE}.clear")
        self.submit = actions.button(f"{self.PAGE}.submit", "primary")
        box.addWidget(self.clear)
        box.addWidget(self.submit)
        return box

    def _connect(self) -> None:
        for form, keys in ((self.patient, _PATIENT), (self.request, self.REQUEST), (self.other, _OTHER)):
            form.changed.connect(partial(self._edited, form))
            for key in keys:
                form.rows[key].editor.left.connect(partial(self._left, key))
        self.clinical.changed.connect(self._clinical_edited)
        self.patient.submitted.connect(self._to_items)
        self.request.submitted.connect(self._to_items)
        self.items.typed.connect(self._presenter.type_item)
        self.items.chosen.connect(self._presenter.add_item)
        self.items.done.connect(lambda: self.submit.setFocus(Qt.FocusReason.TabFocusReason))
        self.chosen.removed.connect(self._presenter.remove_item)
        self.chosen.priced.connect(self._presenter.set_price)

    # ── intentions ───────────────────────────────────────────────────────────────────────────────────

    def _edited(self, form: FormView, key: str) -> None:
        if self._rendering:
            return
        value = form.value(key)
        if key == "campus_id":
            self._presenter.choose_campus(value)
        elif key == "room_id":
            self._presenter.choose_room(value)
        elif key == "planned_at":
            if not isinstance(value, str):
                self._presenter.set_planned(value)
        elif key == "birth_date":
            self._presenter.edit(birth_date=value if isinstance(value, date) else None)
        elif key in _REQUESTER:
            requester = msgspec.structs.replace(self._state.form.requester, **{key: value})
            self._presenter.edit(requester=requester)
        else:
            self._presenter.edit(**{key: value})

    def _clinical_edited(self, key: str) -> None:
        if not self._rendering:
            clinical = msgspec.structs.replace(self._state.form.clinical, **{key: self.clinical.value(key)})
            self._presenter.edit(clinical=clinical)

    def _left(self, key: str) -> None:
        if not self._rendering:
            self._presenter.leave(key)
            self._show_errors()

    def _to_items(self) -> None:
        self.items.field.setFocus(Qt.FocusReason.TabFocusReason)
        self._basic.ensureWidgetVisible(self.items, 0, 120)

    def do_submit(self) -> None:
        """提交登记: what is typed in a field that still has the keyboard counts too."""
        if not self.submit.isEnabled():
            return
        self._presenter.submit()
        if self._state.errors and not self._state.submitting:
            self._focus_first_error()

    def do_clear(self) -> None:
        """清空."""
        self._presenter.clear()
        self.focus_number()

    def focus_number(self) -> None:
        """The keyboard goes to the query box, where every booking begins."""
        self.number.setFocus(Qt.FocusReason.OtherFocusReason)
        self.number.selectAll()

    def answer_rest_no(self) -> None:
        """其余均为“否”; the keyboard goes to what is still open, else to the button that submits."""
        self.tabs.setCurrentIndex(0)
        self._presenter.answer_rest_no()
        code = first_open(self._state.form, self._state.asked)
        if code:
            self._to_question(code)
        else:
            self.submit.setFocus(Qt.FocusReason.TabFocusReason)

    def _to_question(self, code: str) -> None:
        self.safety.focus(code)
        line = self.safety.lines.get(code)
        if line is not None:
            self._basic.ensureWidgetVisible(line, 0, 60)

    def show_paper(self, state: PaperState) -> None:
        """How many pages of the paper application are photographed."""
        self._pages = len(state.pages)
        self._pages_words.setText(tr("已拍 {count} 页", count=self._pages) if self._pages else "")

    def focus_items(self) -> None:
        """The keyboard goes to the quick entry of items."""
        self.tabs.setCurrentIndex(0)
        self._to_items()

    def scan(self, code: str) -> None:
        """A scanned card is a query, wherever the keyboard is."""
        self._presenter.type_number(code)
        self._presenter.query()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        QTimer.singleShot(0, self, self.focus_number)

    # ── showing ──────────────────────────────────────────────────────────────────────────────────────

    def render_state(self, state: BookingState) -> None:
        """Show a state; fields that already say so are left alone, so that the cursor stays where it is."""
        before, self._state = self._state, state
        self._rendering = True
        try:
            self._show_query(state)
            self._show_choices(state)
            self._show_form(state)
            self._show_offers(state)
            self.warnings.show_warnings(state.warnings)
            self.items.show_candidates(state.item_text, state.candidates)
            self.chosen.show_items(state.form.items)
            self.safety.render_state(state)
            self._show_foot(state)
            self._show_errors()
        finally:
            self._rendering = False
        self._move_focus(before, state)

    def _show_query(self, state: BookingState) -> None:
        editing = state.editing is not None
        self._title.set_source(self.TITLES[editing])
        self._editing.set_text(f"{state.editing.accession_number}" if state.editing else "")
        self._query_row.setVisible(not editing)
        self.barcode.setVisible(not editing)
        self.barcode.setChecked(state.print_barcode)
        if self.number.text().strip() != state.number.strip():
            self.number.setText(state.number)
        self._query.setEnabled(not state.searching)
        words = tr("正在查询…") if state.searching else state.number_hint
        self._hint_row.setVisible(bool(words) and not editing)
        self._hint.set_text(words)
        glyph = ("alert", Tone.WARNING) if state.number_failed else ("details", None)
        self._hint_glyph.set_glyph(*glyph)

    def _show_choices(self, state: BookingState) -> None:
        if state.hospital is None:
            return
        if "patient_kind" in self.request.rows:
            self._offer(self.request, "patient_kind", kind_choices(state.hospital))
        self._offer(self.request, "campus_id", choices_of(state.hospital.campuses))
        self._offer(self.request, "room_id", choices_of(state.rooms))

    def _offer(self, form: FormView, key: str, choices: list[Choice]) -> None:
        editor: Any = form.rows[key].editor
        if tuple(choices) != editor.choices:
            form.set_choices(key, choices)

    def _show_form(self, state: BookingState) -> None:
        form = state.form
        for view, keys in ((self.patient, _PATIENT), (self.request, self.REQUEST), (self.other, _OTHER)):
            for key in keys:
                _put(view, key, state.age_shown if key == "age" else getattr(form, key))
        for key in _CLINICAL:
            _put(self.clinical, key, getattr(form.clinical, key))
        for key in _REQUESTER:
            _put(self.other, key, getattr(form.requester, key))

    def _show_offers(self, state: BookingState) -> None:
        self.applications.show_offers([self._application_offer(found) for found in state.applications])
        self.patients.show_offers([self._patient_offer(found, "选择") for found in state.patients])
        self.similar.show_offers([self._similar_offer(found) for found in state.similar])

    def _application_offer(self, found: ApplicationView) -> Offer:
        items = "、".join(item.name for item in found.items)
        text = f"{found.patient.name}　{found.exam_type}　{items}"
        quiet = "　".join(
            part
            for part in (found.requester.department, found.requester.doctor, local_clock(found.received_at))
            if part
        )
        return Offer(text, quiet, "选择", partial(self._presenter.take_application, found))

    def _similar_offer(self, found: SimilarPatient) -> Offer:
        plain = self._patient_offer(found.patient, "使用此患者")
        why = likeness_words(found)
        return replace(plain, quiet=f"{why}　{plain.quiet}")

    def _patient_offer(self, found: PatientView, button: str) -> Offer:
        born = found.birth_date.isoformat() if found.birth_date else ""
        numbers = "　".join(part for part in (found.card_number, found.id_number, found.phone) if part)
        text = "　".join(part for part in (found.name, sex_and_age(found.sex, ""), born) if part)
        return Offer(text, numbers or found.patient_number, button, partial(self._presenter.use_patient, found))

    def _show_foot(self, state: BookingState) -> None:
        words = ""
        if state.submitting:
            words = tr("正在提交…")
        elif state.repeat_hint:
            words = state.repeat_hint
        elif state.errors:
            words = tr("有 {count} 处需要修改。", count=len(state.errors))
        elif state.draft_restored:
            words = tr("已恢复上次未提交的内容。")
        self._foot_words.set_text(words)
        warns = bool(state.repeat_hint or state.errors)
        self._foot_glyph.set_glyph("alert" if warns else "history", Tone.WARNING if warns else None)
        self._foot_glyph.setVisible(bool(words))

    def _show_errors(self) -> None:
        errors = self._state.errors
        for form in (self.patient, self.request, self.other, self.clinical):
            for key, row in form.rows.items():
                sentence = errors.get(key, "")
                if not sentence and isinstance(row.editor.value(), str) and key in ("birth_date", "planned_at"):
                    continue  # half-typed dates are the field's own business
                if row.problem != sentence:
                    row.show_problem(sentence)
        self._items_wrong.setText(errors.get("items", ""))
        self._items_wrong.setVisible("items" in errors)
        for place, title in enumerate(TABS):
            count = sum(_TAB_OF.get(key, 0) == place for key in errors)
            self.tabs.setTabText(place, f"{tr(title)} ({count})" if count and place else tr(title))

    def _move_focus(self, before: BookingState, state: BookingState) -> None:
        if not self.isVisible():
            return
        if state.registered is not before.registered:
            self.tabs.setCurrentIndex(0)
            self.focus_number()
        elif before.searching and not state.searching and not state.applications and not state.patients:
            if state.form.application_id is not None or state.form.items:
                self.submit.setFocus(Qt.FocusReason.TabFocusReason)
            elif state.form.patient_id is not None:
                self.focus_items()
            elif state.number_failed and state.form.name == "":
                self.patient.focus("name")
        elif before.searching and (state.applications or state.patients):
            card = self.applications if state.applications else self.patients
            card.buttons[0].setFocus(Qt.FocusReason.TabFocusReason)
        elif before.submitting and not state.submitting and state.errors:
            self._focus_first_error()
        elif state.editing is not None and before.editing is None:
            self.tabs.setCurrentIndex(0)
            self.patient.focus("name")

    def _focus_first_error(self) -> None:
        first = next(iter(self._state.errors), "")
        self.tabs.setCurrentIndex(_TAB_OF.get(first, 0))
        if first == "items":
            self._to_items()
            return
        if first.startswith("safety."):
            self._to_question(first.removeprefix("safety."))
            return
        for form in (self.patient, self.request, self.clinical, self.other):
            if first in form.rows:
                form.focus(first)
                if form in (self.patient, self.request):
                    self._basic.ensureWidgetVisible(form.rows[first], 0, 40)

    def _show_tab(self, place: int) -> None:
        self._stack.setCurrentIndex(place)

    def _retranslate(self) -> None:
        self.number.setPlaceholderText(tr("就诊卡号、体检号或身份证号，回车查询"))
        self.number.setAccessibleName(tr("就诊卡号、体检号或身份证号，回车查询"))
        self._rendering = True
        try:
            self._show_choices(self._state)
            self._show_errors()
            self._show_foot(self._state)
        finally:
            self._rendering = False


def _put(form: FormView, key: str, wanted: Any) -> None:
    editor = form.rows[key].editor
    shown = editor.value()
    if isinstance(shown, datetime) and isinstance(wanted, datetime):
        same = shown == wanted.replace(second=0, microsecond=0)
    else:
        same = shown == wanted or (not shown and not wanted and shown is not False)
    half_typed = wanted is None and isinstance(shown, str) and editor.focus_target.hasFocus()
    if not same and not half_typed:
        editor.set_value(wanted)


def _scrolled(content: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(content)
    return area


class _Call:
    def __init__(self, callback: Any) -> None:
        self._callback = callback

    def __call__(self, _object: object = None) -> None:
        self._callback()
