"""Everything the clerk can intend with the new-booking pane, as plain Python."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from clients.kit.messages import Messages, message_for
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.registration.booking.form_rules import (
    check_form,
    filled_with_application,
    filled_with_exam,
    filled_with_patient,
    identity_error,
    matching_items,
    registration_of,
    update_of,
)
from clients.registration.booking.safety_answers import (
    answers_asked,
    answers_of_exam,
    rest_answered_no,
    safety_errors,
    with_answer,
)
from clients.registration.booking.slot_intentions import SlotIntentions
from clients.registration.booking.state import BookingForm, BookingState, Editing, Registered
from clients.registration.measures import birth_date_for, fen_from
from clients.registration.patient_kinds import class_of
from clients.registration.screen import Documents
from shared.contract.errors import ErrorCode, RpcError
from shared.contract.exams import (
    ApplicationView,
    ExamRow,
    ExamView,
    FindApplications,
    GetExam,
    ItemEntry,
)
from shared.contract.organisation import ExamItemView, HospitalView, RoomView
from shared.contract.patients import FindSimilar, PatientList, PatientView, SearchPatients, SimilarPatient
from shared.contract.printing import PrintBarcode
from shared.contract.safety import GetSafetyQuestions, SafetyQuestions
from shared.dicomkit.names import romanised
from shared.domain.identity_documents import DocumentKind, IdentityError, kind_of, normal_number, read_document


class Drafts(Protocol):
    """Where a half-typed form survives a crash."""

    def load(self) -> BookingForm | None:
        """The form that was being typed when the workstation ended, if any."""
        ...

    def save(self, form: BookingForm) -> None:
        """Keep the form as it is now."""
        ...

    def discard(self) -> None:
        """The form was submitted or cleared."""
        ...


class Papers(Protocol):
    """The photographed pages of the booking being typed."""

    def registered(self, exam_id: int) -> None:
        """The booking became this exam."""
        ...

    def cleared(self) -> Callable[[], None]:
        """The booking was cleared; what is returned brings the pages back."""
        ...


class NoPapers:
    """Nothing is photographed here."""

    def registered(self, exam_id: int) -> None:
        """No page goes anywhere."""

    def cleared(self) -> Callable[[], None]:
        """No page is lost."""
        return lambda: None


class Preferences(Protocol):
    """What the workstation remembers for this user."""

    def get(self, key: str, default: Any = None) -> Any:
        """The remembered value."""
        ...

    def set(self, key: str, value: Any) -> None:
        """Remember a value."""
        ...


_SHOWN_SIMILAR = 4

_TELLING = ("name", "birth_date", "age", "id_number", "card_number", "phone", "pinyin")
"""Fields after which it is worth asking whether the person is known."""

_SERVER_FIELDS = {
    "planned_at": "planned_at",
    "slot_id": "planned_at",
    "room_id": "room_id",
    "campus_id": "campus_id",
    "exam_type": "items",
    "items": "items",
}


class BookingPresenter(SlotIntentions):
    """Turns intentions into calls and replies into states. `clock` gives the present moment with its zone."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        documents: Documents,
        drafts: Drafts,
        preferences: Preferences,
        clock: Callable[[], datetime],
        show: Callable[[BookingState], None] = lambda _state: None,
        on_registered: Callable[[int], None] = lambda _exam_id: None,
        papers: Papers | None = None,
    ) -> None:
        state = BookingState(today=clock().date(), print_barcode=bool(preferences.get("booking/print_barcode", True)))
        super().__init__(state, caller, runner, messages, show)
        self._documents = documents
        self._drafts = drafts
        self._preferences = preferences
        self._clock = clock
        self._on_registered = on_registered
        self._papers: Papers = papers or NoPapers()
        self._put_aside: BookingForm | None = None
        self._dismissed: frozenset[int] = frozenset()  # not the same person, says the clerk

    # ── start ────────────────────────────────────────────────────────────────────────────────────────

    def start(self, hospital: HospitalView) -> None:
        """Take the master data; on the first time bring back a draft that a crash left."""
        first = self.state.hospital is None
        self._change(hospital=hospital)
        self.load_questions()
        if not first:
            return
        draft = self._drafts.load()
        if draft is not None and not draft.is_untouched:
            self._change(form=draft, draft_restored=True)
            self._load_slots()
            return
        self._change(form=self._fresh_form())
        self._load_slots()

    def load_questions(self) -> None:
        """Fetch the safety questions; without them nothing is asked here and the server keeps them as open."""
        self._ask(GetSafetyQuestions(), self._questions_came, lambda _error: None, key="booking/questions")

    def _questions_came(self, found: SafetyQuestions) -> None:
        self._change(questions=found.questions)

    def _fresh_form(self) -> BookingForm:
        hospital = self.state.hospital
        if hospital is None or not hospital.campuses:
            return BookingForm()
        known = {campus.id for campus in hospital.campuses}
        remembered = self._preferences.get("booking/campus")
        return BookingForm(campus_id=remembered if remembered in known else hospital.campuses[0].id)

    # ── query by number ──────────────────────────────────────────────────────────────────────────────

    def type_number(self, text: str) -> None:
        """The query box changed."""
        if text != self.state.number:
            self._change(number=text, number_hint="", number_failed=False)

    def query(self) -> None:
        """查询: applications by card, health-check or identity number; without one, the patient himself."""
        number = self.state.number.strip()
        if not number:
            self._change(number_hint=tr("请输入就诊卡号、体检号或身份证号。"), number_failed=True)
            return
        self._change(searching=True, number_hint="", number_failed=False, applications=(), patients=())
        self._ask(
            FindApplications(number=number), self._applications_came, self._applications_failed, key="booking/query"
        )

    def _applications_came(self, found: tuple[ApplicationView, ...]) -> None:
        waiting = tuple(application for application in found if application.exam_id is None)
        if len(waiting) == 1:
            self.take_application(waiting[0])
            self._change(searching=False)
        elif waiting:
            self._change(searching=False, applications=waiting, number_hint=tr("找到多份申请单，请选择一份。"))
        else:
            number = self.state.number.strip()
            self._ask(SearchPatients(text=number), self._patients_came, self._query_failed, key="booking/query")

    def _applications_failed(self, error: Exception) -> None:
        """The hospital system is away: whoever is known here is found all the same, with a word about it."""
        if not isinstance(error, RpcError) or error.code is not ErrorCode.UNAVAILABLE:
            self._query_failed(error)
            return

        def came(found: PatientList) -> None:
            self._patients_came(found)
            self._change(number_hint=message_for(error).text, number_failed=True)

        number = self.state.number.strip()
        self._ask(SearchPatients(text=number), came, self._query_failed, key="booking/query")

    def _patients_came(self, found: PatientList) -> None:
        number = self.state.number.strip()
        same = tuple(
            patient
            for patient in found.rows
            if number.upper() in (patient.card_number, patient.id_number, patient.health_check_number)
        ) or (found.rows if len(found.rows) == 1 else ())
        if len(same) == 1:
            self.use_patient(same[0])
            self._change(searching=False, number_hint=tr("没有待登记的申请单，已带出患者信息，请添加检查项目。"))
        elif found.rows:
            self._change(searching=False, patients=found.rows[:8], number_hint=tr("找到多位患者，请选择一位。"))
        else:
            self._keep_number(number)
            self._change(
                searching=False,
                number_hint=tr("没有找到申请单或患者，请核对号码，或直接手工登记。"),
                number_failed=True,
            )

    def _keep_number(self, number: str) -> None:
        """An unknown number is not typed twice: an identity number goes to its field, any other is the card number."""
        form = self.state.form
        try:
            card = read_document(number, today=self.state.today)
        except IdentityError:
            card = None
        if card is None or card.birth_date is None:
            if not form.card_number:
                self._put(replace(form, card_number=number))
            return
        if not form.id_number:
            self.edit(id_number=number)
            self.look_for_similar()

    def _query_failed(self, error: Exception) -> None:
        self._change(searching=False, number_hint=message_for(error).text, number_failed=True)

    def take_application(self, application: ApplicationView) -> None:
        """Fill the form from an application (RIS-REG-19)."""
        form = filled_with_application(self._base_form(), application)
        self._change(applications=(), patients=(), number_hint=tr("已带出申请单，请核对后提交。"), errors={})
        self._put(self._with_room(form))
        self._complete_pinyin()
        self._load_slots()

    def use_patient(self, patient: PatientView) -> None:
        """Link a known patient: from the query, or from the panel of possible duplicates."""
        self._change(applications=(), patients=(), similar=())
        self._put(filled_with_patient(self.state.form, patient), cleared=("name", "sex", "birth_date", "id_number"))
        self._complete_pinyin()

    def use_likeliest(self) -> None:
        """The first of the possible same persons is the one."""
        if self.state.similar:
            self.use_patient(self.state.similar[0].patient)

    def dismiss_similar(self) -> None:
        """It is another person: put the panel away, and do not bring the same ones back."""
        self._dismissed |= {similar.patient.id for similar in self.state.similar}
        self._change(similar=())

    def _base_form(self) -> BookingForm:
        form = self.state.form
        return replace(self._fresh_form(), campus_id=form.campus_id, planned_at=form.planned_at, slot_id=form.slot_id)

    # ── typing ───────────────────────────────────────────────────────────────────────────────────────

    def edit(self, **fields: Any) -> None:
        """Some fields of the form changed; what follows from them is filled in by itself."""
        form = replace(self.state.form, **fields)
        if form == self.state.form:
            return
        cleared = list(fields)
        if "patient_kind" in fields:
            form = replace(form, patient_type=class_of(self.state.hospital, form.patient_kind))
        elif "patient_type" in fields:
            form = replace(form, patient_kind=form.patient_type.value)
        if "pinyin" in fields:
            form = replace(form, pinyin_typed=bool(form.pinyin.strip()))
        if "age" in fields:
            born = birth_date_for(form.age, self.state.today)
            if born is not None or not form.age.strip():
                form = replace(form, birth_date=born)
            cleared.append("birth_date")
        elif "birth_date" in fields:
            form = replace(form, age="")
        if "id_kind" in fields:
            form = replace(form, id_kind_chosen=True)
            cleared.append("id_number")
        elif "id_number" in fields:
            form = self._with_kind(form)
        if "id_number" in fields or "id_kind" in fields:
            form, filled = self._follow_identity(form)
            cleared.extend(filled)
        self._put(form, cleared=tuple(cleared))
        if "id_number" in fields:
            self._check_identity(form.id_number)
        if "name" in fields:
            self._complete_pinyin()

    def _with_kind(self, form: BookingForm) -> BookingForm:
        """Follow a number that can only be another kind of document; an emptied field is an identity card again."""
        number = normal_number(form.id_number)
        if not number:
            return replace(form, id_kind=DocumentKind.RESIDENT, id_kind_chosen=False)
        if form.id_kind_chosen:
            return form
        is_certain = number[0].isalpha() or len(number) == 18
        return replace(form, id_kind=kind_of(number) if is_certain else DocumentKind.RESIDENT)

    def _follow_identity(self, form: BookingForm) -> tuple[BookingForm, tuple[str, ...]]:
        try:
            document = read_document(form.id_number, form.id_kind, today=self.state.today)
        except IdentityError:
            return form, ()
        if document.birth_date is None:
            return form, ()
        if len(document.number) == 15:  # complete only when it is left: it may be the beginning of 18
            return form, ()
        return self._filled_from(form, document.number), ("birth_date", "sex")

    def _filled_from(self, form: BookingForm, number: str) -> BookingForm:
        document = read_document(number, form.id_kind, today=self.state.today)
        return replace(form, id_number=number, birth_date=document.birth_date, sex=document.sex, age="")

    def _check_identity(self, number: str) -> None:
        """While typing only a complete number is judged; an incomplete one is judged when the field is left."""
        if len(number.strip()) >= 18:
            self._say_identity()
            self.look_for_similar()

    def leave(self, name: str) -> None:
        """A field was left: say at once what is wrong with it, and look for the same person."""
        if name == "id_number":
            self._leave_identity()
        if name == "age" and self.state.form.age.strip() and self.state.form.birth_date is None:
            self._set_error("birth_date", tr("年龄请写作 45、7月 或 12天。"))
        if name in _TELLING:
            self.look_for_similar()

    def _leave_identity(self) -> None:
        form = self.state.form
        number = normal_number(form.id_number)
        if len(number) == 15 and not identity_error(number, form.id_kind, self.state.today):
            try:
                old = read_document(number, form.id_kind, today=self.state.today)
            except IdentityError:
                old = None
            if old is not None and old.birth_date is not None and form.birth_date != old.birth_date:
                self._put(self._filled_from(form, number), cleared=("birth_date", "sex", "id_number"))
        self._say_identity()

    def _say_identity(self) -> None:
        form = self.state.form
        self._set_error("id_number", identity_error(form.id_number, form.id_kind, self.state.today))

    def _set_error(self, name: str, sentence: str) -> None:
        errors = {key: text for key, text in self.state.errors.items() if key != name}
        if sentence:
            errors[name] = sentence
        if errors != self.state.errors:
            self._change(errors=errors)

    def _complete_pinyin(self) -> None:
        form = self.state.form
        if form.pinyin_typed:
            return
        name = form.name

        def fill(pinyin: str) -> None:
            now = self.state.form
            if now.name == name and not now.pinyin_typed and now.pinyin != pinyin:
                self._put(replace(now, pinyin=pinyin))

        self._runner.run(lambda: romanised(name), fill, self._messages.report, key="booking/pinyin")

    def look_for_similar(self) -> None:
        """Ask for patients that may be the same person, unless the form already belongs to a known one."""
        form = self.state.form
        named = bool(form.name.strip())
        enough = bool(form.id_number.strip() or form.card_number.strip() or (named and (form.birth_date or form.phone)))
        if form.patient_id is not None or self.state.editing is not None or not enough:
            if self.state.similar:
                self._change(similar=())
            return
        request = FindSimilar(
            name=form.name.strip(),
            pinyin=form.pinyin.strip(),
            sex=form.sex,
            birth_date=form.birth_date,
            id_number="" if identity_error(form.id_number, form.id_kind, self.state.today) else form.id_number.strip(),
            card_number=form.card_number.strip(),
            phone=form.phone.strip(),
        )
        self._ask(request, self._similar_came, lambda _error: None, key="booking/similar")

    def _similar_came(self, found: tuple[SimilarPatient, ...]) -> None:
        if self.state.form.patient_id is not None:
            return
        fresh = tuple(similar for similar in found if similar.patient.id not in self._dismissed)[:_SHOWN_SIMILAR]
        if fresh != self.state.similar:
            self._change(similar=fresh)

    # ── safety questions ─────────────────────────────────────────────────────────────────────────────

    def answer_safety(self, code: str, **changes: Any) -> None:
        """An answer changed: `value`, `number`, `measured_on`, `detail` or `acknowledged`."""
        self._put(with_answer(self.state.form, code, **changes), cleared=(f"safety.{code}",))

    def answer_rest_no(self) -> None:
        """其余均为“否”: every open question of yes or no."""
        form = rest_answered_no(self.state.form, self.state.asked)
        if form != self.state.form:
            self._put(form, cleared=tuple(f"safety.{question.code}" for question in self.state.asked))

    def _put(self, form: BookingForm, *, cleared: tuple[str, ...] = ()) -> None:
        errors = {key: text for key, text in self.state.errors.items() if key not in cleared}
        self._change(form=form, errors=errors, repeat_of=None, repeat_hint="", today=self._clock().date())
        if self.state.editing is None:
            self._drafts.save(form)
        self._follow_form()

    # ── room and slot ──────────────────────────────────────────────────────────────────────────

    def choose_campus(self, campus_id: int | None) -> None:
        """院区: a room of another campus falls out."""
        form = replace(self.state.form, campus_id=campus_id)
        room = self._room(form.room_id)
        if room is not None and room.campus_id != campus_id:
            form = replace(form, room_id=None, slot_id=None)
        self._put(self._with_room(form) if form.items else form, cleared=("campus_id", "room_id"))
        if campus_id is not None:
            self._preferences.set("booking/campus", campus_id)
        self._load_slots()

    def choose_room(self, room_id: int | None) -> None:
        """检查室: the slots of exactly this room appear (RIS-SLT-01)."""
        form = self.state.form
        if room_id == form.room_id:
            return
        room = self._room(room_id)
        planned = None if form.slot_id is not None else form.planned_at
        form = replace(form, room_id=room_id, slot_id=None, planned_at=planned)
        if room is not None:
            form = replace(form, campus_id=room.campus_id)
            if not form.items:
                form = replace(form, exam_type=room.exam_types[0] if len(room.exam_types) == 1 else "")
            if form.exam_type:
                self._preferences.set(f"booking/room/{form.exam_type}", room_id)
        self._put(form, cleared=("room_id", "planned_at"))
        self._load_slots()

    def _room(self, room_id: int | None) -> RoomView | None:
        rooms = self.state.hospital.rooms if self.state.hospital else ()
        return next((room for room in rooms if room.id == room_id), None)

    def _with_room(self, form: BookingForm) -> BookingForm:
        """The form with a room that can do its exam type: the chosen one, the last used one, or the first."""
        rooms = self.state.hospital.rooms if self.state.hospital else ()
        able = [room for room in rooms if form.exam_type in room.exam_types]
        near = [room for room in able if room.campus_id == form.campus_id] or able
        if not near or any(room.id == form.room_id for room in near):
            return form
        remembered = self._preferences.get(f"booking/room/{form.exam_type}")
        room = next((room for room in near if room.id == remembered), near[0])
        return replace(form, room_id=room.id, campus_id=room.campus_id, slot_id=None)

    # ── exam items ───────────────────────────────────────────────────────────────────────────────────

    def type_item(self, text: str) -> None:
        """Pinyin initials, code or name in the quick entry."""
        if text != self.state.item_text:
            self._change(item_text=text, candidates=matching_items(self.state.hospital, text, self.state.form))

    def add_item(self, item: ExamItemView) -> None:
        """Add an item of the dictionary with its list price."""
        form = self.state.form
        entry = ItemEntry(code=item.code, name=item.name, body_part=item.body_part, price_fen=item.price_fen)
        old_room = form.room_id
        form = self._with_room(replace(form, items=(*form.items, entry), exam_type=item.exam_type))
        self._change(item_text="", candidates=())
        self._put(form, cleared=("items", "room_id"))
        if form.room_id != old_room:
            self._load_slots()

    def remove_item(self, index: int) -> None:
        """Delete an item; the toast brings it back."""
        before = self.state.form
        items = before.items[:index] + before.items[index + 1 :]
        self._put(replace(before, items=items))

        def undo() -> None:
            self._put(replace(self.state.form, items=before.items, exam_type=before.exam_type), cleared=("items",))

        self._messages.offer_undo(tr("已删除项目“{name}”。", name=before.items[index].name), undo)

    def set_price(self, index: int, text: str) -> None:
        """修改单价, typed in yuan."""
        fen = fen_from(text)
        if fen is None:
            self._set_error("items", tr("单价请填写 0 至 1,000,000 元之间的金额，最多两位小数。"))
            return
        items = list(self.state.form.items)
        items[index] = ItemEntry(
            code=items[index].code, name=items[index].name, body_part=items[index].body_part, price_fen=fen
        )
        self._put(replace(self.state.form, items=tuple(items)), cleared=("items",))

    # ── barcode, submit, clear ───────────────────────────────────────────────────────────────────────

    def set_print_barcode(self, on: bool) -> None:
        """条码打印."""
        self._preferences.set("booking/print_barcode", on)
        self._change(print_barcode=on)

    def submit(self) -> None:
        """提交登记: checks, registers (or saves the change), prints the barcode. Submitting again accepts a repeat."""
        state = self.state
        if state.submitting:
            return
        self._change(today=self._clock().date())
        state = self.state
        errors = self._form_errors() | safety_errors(state)
        if errors:
            self._change(errors=errors)
            return
        self._change(submitting=True, errors={})
        if state.editing is not None:
            form = replace(state.form, planned_at=state.form.planned_at or self._clock())
            safety = answers_asked(state) if state.questions else None
            request = update_of(form, state.editing.exam_id, state.editing.version, safety=safety)
            self._ask(request, self._saved, self._submit_failed, key="booking/submit")
            return
        self._send(accepts=state.repeat_of is not None)

    def _form_errors(self) -> dict[str, str]:
        """What must be put right before submitting: field name → sentence."""
        state = self.state
        return check_form(state.form, state.today, is_change=state.editing is not None)

    def _send(self, *, accepts: bool) -> None:
        """Send the new booking; `accepts` a repeat of one of today's."""
        registration = registration_of(self.state.form, accept_duplicate=accepts, safety=answers_asked(self.state))
        self._ask(registration, lambda exam: self._registered(exam.row), self._submit_failed, key="booking/submit")

    def _registered(self, row: ExamRow) -> None:
        registered = Registered(row.id, row.accession_number, row.ticket_number, row.patient_name)
        self._drafts.discard()
        self._dismissed = frozenset()
        self._change(
            form=self._next_form(),
            submitting=False,
            registered=registered,
            number="",
            number_hint="",
            number_failed=False,
            similar=(),
            repeat_of=None,
            repeat_hint="",
            draft_restored=False,
            item_text="",
            candidates=(),
        )
        self._messages.say(self._words_for(row), Tone.SUCCESS)
        self._papers.registered(row.id)
        self._on_registered(row.id)
        self._load_slots()
        if self.state.print_barcode:
            self.print_barcode(row.id)

    def _words_for(self, row: ExamRow) -> str:
        """What is said of a new registration."""
        return tr("{name} 登记成功，检查号 {number}。", name=row.patient_name, number=row.accession_number)

    def _next_form(self) -> BookingForm:
        form = self.state.form
        return BookingForm(campus_id=form.campus_id)

    def print_barcode(self, exam_id: int) -> None:
        """Fetch the label of an exam and hand it to the printer; the sentence says where it went."""

        def work() -> str:
            return self._documents.hand_out(
                self._caller.call(PrintBarcode(exam_id=exam_id, output=self._documents.output("barcode")))
            )

        self._runner.run(work, self._messages.say, self._messages.report)

    def _saved(self, exam: ExamView) -> None:
        self._change(submitting=False)
        self._messages.say(tr("检查 {number} 的登记已修改。", number=exam.row.accession_number), Tone.SUCCESS)
        self._end_editing()
        self._on_registered(exam.row.id)

    def _submit_failed(self, error: Exception) -> None:
        self._change(submitting=False)
        if not isinstance(error, RpcError):
            self._messages.report(error)
            return
        body = error.body
        if body.code is ErrorCode.INVALID and body.field:
            sentence = body.message or message_for(error).text
            self._change(errors={_form_field(body.field): sentence})
        elif body.code is ErrorCode.SLOT_TAKEN:
            self._put(replace(self.state.form, slot_id=None))
            self._change(errors={"planned_at": message_for(error).text})
            self._load_slots()
        elif body.code is ErrorCode.DUPLICATE:
            self._change(
                repeat_of=body.existing_id,
                repeat_hint=tr("该患者今天已登记过同样的检查且尚未完成。确需重复登记，请再次提交。"),
            )
        else:
            self._messages.report(error)

    def clear(self) -> None:
        """清空: back to the default state; while editing, give the change up. The toast brings the form back."""
        if self.state.editing is not None:
            self._end_editing()
            return
        before = self.state
        if before.form.is_untouched and not before.number and not before.errors:
            return
        was_untouched = before.form.is_untouched
        bring_pages_back = self._papers.cleared()
        self._drafts.discard()
        self._change(
            form=self._fresh_form(),
            errors={},
            number="",
            number_hint="",
            number_failed=False,
            applications=(),
            patients=(),
            similar=(),
            item_text="",
            candidates=(),
            repeat_of=None,
            repeat_hint="",
            draft_restored=False,
        )
        self._load_slots()

        def undo() -> None:
            self._put(before.form)
            bring_pages_back()
            self._change(number=before.number)
            self._load_slots()

        if not was_untouched:
            self._messages.offer_undo(tr("已清空登记表单。"), undo)

    # ── changing a registered exam ───────────────────────────────────────────────────────────────────

    def edit_exam(self, exam_id: int) -> None:
        """编辑登记: put the half-typed booking aside and fill the form with the exam."""
        self._ask(GetExam(exam_id=exam_id), self._exam_came, key="booking/edit")

    def _exam_came(self, exam: ExamView) -> None:
        if self.state.editing is None:
            self._put_aside = self.state.form
        editing = Editing(exam.row.id, exam.version, exam.row.accession_number)
        self._change(
            editing=editing,
            form=replace(filled_with_exam(exam), safety=answers_of_exam(exam)),
            errors={},
            similar=(),
            applications=(),
            patients=(),
            number="",
            number_hint="",
            repeat_of=None,
            repeat_hint="",
            day=exam.row.planned_at.astimezone().date(),
        )
        self._load_slots()

    def _end_editing(self) -> None:
        form, self._put_aside = self._put_aside or self._fresh_form(), None
        self._change(editing=None, form=form, errors={}, day=None)
        self._load_slots()


def _form_field(name: str) -> str:
    """The form's name for a field of the request: patient.phone → phone, items[0].code → items."""
    if name.startswith("patient."):
        return name.removeprefix("patient.")
    if name.startswith("safety."):
        return name
    first = re.split(r"[.\[]", name, maxsplit=1)[0]
    return _SERVER_FIELDS.get(first, first)
