"""The words, columns and row actions that several pages of this workstation share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from clients.kit.ages import age_for_reader
from clients.kit.fields import Choice
from clients.kit.paging import Align, Column, RowAction, local_clock
from clients.kit.states import EXAM_LOOKS, REGISTRATION_LOOKS, StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from clients.registration.exam_actions import RowAction as Intention
from clients.registration.exam_actions import actions_of
from clients.registration.measures import short_time
from clients.registration.patient_kinds import look_of_row
from shared.contract.exams import ExamRow
from shared.contract.organisation import CampusView, ExamTypeView, HospitalView, RoomView
from shared.contract.patients import Likeness, SimilarPatient
from shared.domain.identity_documents import DocumentKind
from shared.domain.states import Sex

SEX_LETTERS = {Sex.MALE: "M", Sex.FEMALE: "F", Sex.OTHER: "O", Sex.UNKNOWN: "?"}
SEX_WORDS = {Sex.MALE: "男", Sex.FEMALE: "女", Sex.OTHER: "其他", Sex.UNKNOWN: "未知"}

ARREARS = StateLook("欠费", Tone.WARNING, "money")
SAFETY = StateLook("安全", Tone.DANGER, "flag")
NO_SHOW = StateLook("爽约", Tone.WARNING, "clock")
REFERRAL = StateLook("转诊", Tone.INFO, "send")
CANCELLING = StateLook("取消中", Tone.WARNING, "hourglass")


def sex_and_age(sex: Sex, age: str) -> str:
    """男 58岁, or M 58 y."""
    word = SEX_LETTERS[sex] if language() is Language.ENGLISH else SEX_WORDS[sex]
    return " ".join(part for part in (word, age_for_reader(age)) if part)


def named(thing: CampusView | RoomView | ExamTypeView) -> str:
    """The name of master data in the language of the moment."""
    return (thing.name_en or thing.name) if language() is Language.ENGLISH else thing.name


def room_named(hospital: HospitalView | None, room_id: int, otherwise: str) -> str:
    """The name of a room in the language of the moment."""
    rooms = hospital.rooms if hospital is not None else ()
    return next((named(room) for room in rooms if room.id == room_id), otherwise)


def choices_of(things: Sequence[CampusView | RoomView]) -> list[Choice]:
    """Master data to choose from."""
    return [Choice(thing.id, named(thing), translate=False) for thing in things]


def sex_choices() -> list[Choice]:
    """The sexes to choose from."""
    return [Choice(sex, SEX_WORDS[sex]) for sex in (Sex.MALE, Sex.FEMALE, Sex.OTHER)]


_KINDS = {
    DocumentKind.RESIDENT: "身份证",
    DocumentKind.FOREIGN_RESIDENT: "永久居留证",
    DocumentKind.HONG_KONG_MACAO: "港澳通行证",
    DocumentKind.TAIWAN: "台胞证",
    DocumentKind.PASSPORT: "护照",
    DocumentKind.OTHER: "其他证件",
}


def document_kinds() -> list[Choice]:
    """The kinds of identity documents to choose from."""
    return [Choice(kind, words) for kind, words in _KINDS.items()]


def document_words(kind: DocumentKind | None) -> str:
    """Chinese source for the kind of a document number."""
    return "证件号" if kind is None else _KINDS[kind]


_LIKENESSES = {
    Likeness.ID_NUMBER: "证件号相同",
    Likeness.CARD_NUMBER: "就诊卡号相同",
    Likeness.NAME_AND_BIRTH: "姓名和出生日期相同",
    Likeness.PINYIN_AND_BIRTH: "同音姓名，出生日期相同",
    Likeness.NAME_AND_PHONE: "姓名和电话相同",
    Likeness.PHONE_AND_PINYIN: "同音姓名，电话相同",
}
_DIFFERENCES = {"name": "姓名不同", "sex": "性别不同", "birth_date": "出生日期不同", "id_number": "证件号不同"}


def likenesses_words(likenesses: Sequence[Likeness]) -> str:
    """What two records share."""
    return _comma().join(tr(_LIKENESSES[likeness]) for likeness in likenesses)


def _comma() -> str:
    return ", " if language() is Language.ENGLISH else "、"


def likeness_words(found: SimilarPatient) -> str:
    """Why a record may be the same person, and what speaks against it."""
    alike = likenesses_words(found.likenesses)
    against = _comma().join(tr(_DIFFERENCES[field]) for field in found.differs if field in _DIFFERENCES)
    if not against:
        return alike
    return f"{alike} ({against})" if language() is Language.ENGLISH else f"{alike}（{against}）"


def marks_of(row: Any) -> list[StateLook]:
    """Small badges in front of a patient's name: emergency, VIP, arrears."""
    kind = look_of_row(row)
    marks = [] if kind is None else [kind]
    if getattr(row, "is_in_arrears", False):
        marks.append(ARREARS)
    if getattr(row, "is_no_show", False):
        marks.append(NO_SHOW)
    if getattr(row, "referral_id", None) is not None:
        marks.append(REFERRAL)
    if getattr(row, "has_safety_alarm", False):
        marks.append(SAFETY)
    return marks


def patient_of(row: ExamRow) -> str:
    """李建国  男 58岁."""
    return f"{row.patient_name}  {sex_and_age(row.sex, row.age)}"


def state_column(pending: Callable[[], frozenset[int]], *, registration: bool) -> Column:
    """The state as a badge; an exam whose cancellation can still be undone says so."""
    usual = REGISTRATION_LOOKS if registration else EXAM_LOOKS
    looks = {**{str(key): look for key, look in usual.items()}, "cancelling": CANCELLING}

    def value(row: ExamRow) -> str:
        if row.id in pending():
            return "cancelling"
        return str(row.registration_state if registration else row.state)

    title = "报告状态" if registration else "检查状态"
    width = 104 if language() is Language.ENGLISH else 84
    return Column("state", title, width, value=value, looks=looks, sort=False)


def today_columns(pending: Callable[[], frozenset[int]]) -> tuple[Column, ...]:
    """The columns of today's list (RIS-REG-05); type and items share one, so that half a screen holds them all."""
    return (
        Column("patient", "患者信息", 184, value=patient_of, marks=marks_of, strong=True),
        state_column(pending, registration=False),
        Column("items", "检查类型与项目", 0, value=lambda row: f"{row.exam_type}　{row.items}"),
        Column("accession_number", "检查号", 116),
        Column("planned_at", "预检时间", 76, Align.RIGHT, format=local_clock, visible=False, quiet=True),
        Column("paper_pages", "申请单", 64, format=lambda pages: str(pages or ""), visible=False, quiet=True),
        Column("room_name", "检查室", 110, visible=False, quiet=True),
        Column("ticket_number", "排队号", 76, visible=False, quiet=True),
    )


def management_columns(pending: Callable[[], frozenset[int]]) -> tuple[Column, ...]:
    """The columns of registration management; the server orders its rows."""
    return (
        Column("patient", "患者信息", 0, value=patient_of, marks=marks_of, strong=True, sort=False),
        state_column(pending, registration=True),
        Column("items", "检查项目", 0, sort=False),
        Column("exam_type", "检查类型", 64, sort=False),
        Column("body_part", "检查部位", 72, sort=False, quiet=True),
        Column("accession_number", "检查号", 116, sort=False),
        Column("registered_at", "登记时间", 96, format=short_time, sort=False, quiet=True),
        Column("planned_at", "预检时间", 96, format=short_time, sort=False),
        Column("room_name", "检查室", 88, sort=False, quiet=True),
    )


_WORDS = {
    Intention.PRINT_BARCODE: ("打印条码", "barcode"),
    Intention.PREVIEW: ("预览打印", "print"),
    Intention.VIEW_IMAGES: ("查看影像", "viewer"),
    Intention.DETAILS: ("登记详情", "details"),
    Intention.PRINT_FORM: ("打印登记单", "document"),
    Intention.PRINT_REFERRAL: ("打印转诊单", "document"),
    Intention.EDIT: ("编辑登记", "edit"),
    Intention.RESCHEDULE: ("改约", "calendar"),
    Intention.PUSH: ("推送登记信息", "send"),
    Intention.CANCEL: ("取消登记", "cross_circle"),
    Intention.SIGN_IN: ("签到", "sign_in"),
    Intention.SIGN_IN_AGAIN: ("重新签到", "sign_in"),
}


def words_of(intention: Intention) -> tuple[str, str]:
    """Chinese source text and icon of an action."""
    return _WORDS[intention]


def row_actions(pending: Callable[[], frozenset[int]]) -> tuple[RowAction, ...]:
    """All actions of an exam's row, drawn when the row offers them."""

    def rule(intention: Intention) -> Callable[[ExamRow], bool]:
        return lambda row: row.id not in pending() and intention in actions_of(row)

    return tuple(
        RowAction(str(intention), text, icon, rule(intention), danger=intention is Intention.CANCEL)
        for intention, (text, icon) in _WORDS.items()
    )
