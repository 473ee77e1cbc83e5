"""What the new-booking pane shows: the form as typed, errors at fields, slots, candidates and hints; knows no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from clients.kit.ages import age_for_reader
from clients.registration.measures import age_text
from shared.contract.exams import ApplicationView, ClinicalEntry, ItemEntry, RequesterEntry, SlotView
from shared.contract.organisation import ExamItemView, HospitalView, RoomView
from shared.contract.patients import PatientView, SimilarPatient
from shared.contract.scheduling import BookingWarning, FreeSlot
from shared.domain.identity_documents import DocumentKind
from shared.domain.safety import Asked, SafetyAnswer, SafetyQuestion, age_in_years, questions_for, uses_contrast
from shared.domain.states import PatientType, Sex


@dataclass(frozen=True)
class BookingForm:
    """The form as typed. Times are aware; `planned_at` None means "now"; money is in fen inside `items`."""

    patient_id: int | None = None
    name: str = ""
    pinyin: str = ""
    pinyin_typed: bool = False  # the clerk wrote it: never overwritten
    sex: Sex = Sex.UNKNOWN
    age: str = ""
    birth_date: date | None = None
    card_number: str = ""
    id_kind: DocumentKind = DocumentKind.RESIDENT
    id_kind_chosen: bool = False  # the clerk chose it: the number no longer changes it
    id_number: str = ""
    inpatient_number: str = ""
    health_check_number: str = ""
    phone: str = ""
    address: str = ""
    height_cm: str = ""
    weight_kg: str = ""
    campus_id: int | None = None
    room_id: int | None = None
    exam_type: str = ""
    planned_at: datetime | None = None
    slot_id: int | None = None
    patient_type: PatientType = PatientType.ORDINARY  # the class of `patient_kind`
    patient_kind: str = PatientType.ORDINARY.value  # code of the configured type
    is_in_arrears: bool = False
    items: tuple[ItemEntry, ...] = ()
    clinical: ClinicalEntry = field(default_factory=ClinicalEntry)
    requester: RequesterEntry = field(default_factory=RequesterEntry)
    application_id: int | None = None
    safety: tuple[SafetyAnswer, ...] = ()
    group_id: int | None = None  # of a referral: 机构组, 转诊机构, 申请院区, words to the receiver
    organisation_id: int | None = None
    from_campus_id: int | None = None
    note: str = ""

    @property
    def total_fen(self) -> int:
        """What the items cost together, in fen."""
        return sum(item.price_fen for item in self.items)

    @property
    def is_untouched(self) -> bool:
        """True while nothing was typed that would be a pity to lose; room and campus alone do not count."""
        bare = BookingForm(
            campus_id=self.campus_id,
            room_id=self.room_id,
            exam_type=self.exam_type,
            group_id=self.group_id,
            organisation_id=self.organisation_id,
            from_campus_id=self.from_campus_id,
        )
        return self == bare


@dataclass(frozen=True)
class Editing:
    """The registered exam that the form changes instead of making a new one."""

    exam_id: int
    version: int
    accession_number: str


@dataclass(frozen=True)
class Registered:
    """What the last submission made: the list highlights it, the toast names it."""

    exam_id: int
    accession_number: str
    ticket_number: str
    patient_name: str


@dataclass(frozen=True)
class BookingState:
    """One picture of the pane."""

    today: date
    hospital: HospitalView | None = None
    form: BookingForm = field(default_factory=BookingForm)
    errors: Mapping[str, str] = field(default_factory=dict)  # field name → sentence in the language of the moment
    number: str = ""
    number_hint: str = ""
    number_failed: bool = False
    searching: bool = False
    applications: tuple[ApplicationView, ...] = ()  # more than one was found: the clerk chooses
    patients: tuple[PatientView, ...] = ()  # likewise
    similar: tuple[SimilarPatient, ...] = ()  # may be the person being typed, the likeliest first
    questions: tuple[SafetyQuestion, ...] = ()  # all safety questions of the hospital
    day: date | None = None  # of the slots
    slots: tuple[SlotView, ...] = ()
    slots_loading: bool = False
    slots_hint: str = ""
    free: tuple[FreeSlot, ...] = ()  # the first free slots over all rooms
    free_searching: bool = False
    free_hint: str = ""
    warnings: tuple[BookingWarning, ...] = ()  # what speaks against the time chosen; it never forbids
    item_text: str = ""
    candidates: tuple[ExamItemView, ...] = ()
    editing: Editing | None = None
    submitting: bool = False
    repeat_of: int | None = None  # the exam that the server says is the same; submitting again accepts it
    repeat_hint: str = ""
    print_barcode: bool = True
    draft_restored: bool = False
    registered: Registered | None = None

    @property
    def rooms(self) -> tuple[RoomView, ...]:
        """The rooms that the clerk can choose: of the chosen campus, and able to do the exam type."""
        if self.hospital is None:
            return ()
        form = self.form
        return tuple(
            room
            for room in self.hospital.rooms
            if (form.campus_id is None or room.campus_id == form.campus_id)
            and (not form.exam_type or form.exam_type in room.exam_types)
        )

    @property
    def asked(self) -> tuple[SafetyQuestion, ...]:
        """The safety questions that this exam of this patient needs; none before there is an item."""
        form = self.form
        if not form.items:
            return ()
        facts = Asked(
            exam_type=form.exam_type,
            sex=form.sex,
            age_years=age_in_years(form.birth_date, self.today),
            uses_contrast=uses_contrast(item.name for item in form.items),
        )
        return questions_for(self.questions, facts)

    @property
    def age_shown(self) -> str:
        """The age as typed, or as the birth date gives it."""
        form = self.form
        if form.age or form.birth_date is None:
            return form.age
        return age_for_reader(age_text(form.birth_date, self.today))

    @property
    def slot_day(self) -> date:
        """The day whose slots are shown."""
        return self.day or self.today
