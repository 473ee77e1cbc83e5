"""Which records may be one person: what they share, what speaks against it, and how likely that makes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, func, or_, select

from server.kernel.database import UnitOfWork
from server.patients.rules import flat
from server.patients.tables import PatientRow
from shared.contract.patients import FindSimilar, Likeness
from shared.dicomkit.names import romanised
from shared.domain.identity_documents import normal_number, upgraded
from shared.domain.states import Sex

MAX_FOUND = 20
_CANDIDATES = 200
_WEIGHT = {
    Likeness.ID_NUMBER: 90,
    Likeness.CARD_NUMBER: 80,
    Likeness.NAME_AND_BIRTH: 75,
    Likeness.PINYIN_AND_BIRTH: 55,
    Likeness.NAME_AND_PHONE: 60,
    Likeness.PHONE_AND_PINYIN: 50,
}
_MORE = 5
"""Each further likeness adds a little."""
_AGAINST = {"id_number": 35, "birth_date": 20, "sex": 20, "name": 10}

IS_HEAD = func.coalesce(PatientRow.linked_to, 0) == 0


@dataclass(frozen=True)
class Traits:
    """What is compared of a person; empty texts and None are unknown and neither speak for nor against."""

    name: str
    pinyin_flat: str
    sex: Sex
    birth_date: date | None
    id_number: str
    card_number: str
    phone: str


def traits_of_row(row: PatientRow) -> Traits:
    """The traits of a kept record."""
    return Traits(
        row.name, row.pinyin_flat, Sex(row.sex), row.birth_date, row.id_number, row.card_number, digits_of(row.phone)
    )


def traits_typed(request: FindSimilar) -> Traits:
    """The traits of what is being typed; the pinyin is made when the clerk wrote none."""
    name = request.name.strip()
    pinyin = flat(request.pinyin) or (flat(romanised(name)) if name else "")
    number = normal_number(request.id_number)
    return Traits(
        name, pinyin, request.sex, request.birth_date, number, request.card_number.strip(), digits_of(request.phone)
    )


def digits_of(phone: str) -> str:
    """The digits of a phone number without the country code of China; empty below seven digits."""
    digits = "".join(character for character in phone if character.isdigit() and character.isascii())
    if len(digits) == 13 and digits.startswith("86"):
        digits = digits[2:]
    return digits if len(digits) >= 7 else ""


def same_id_number(one: str, other: str) -> bool:
    """Equal, or a citizen's old number of 15 digits and its new one of 18."""
    if not one or not other:
        return False
    return _long(one) == _long(other)


def _long(number: str) -> str:
    return upgraded(number) if len(number) == 15 and number.isdigit() else number


def likenesses(one: Traits, other: Traits) -> tuple[Likeness, ...]:
    """What two persons share, strongest first."""
    found = []
    if same_id_number(one.id_number, other.id_number):
        found.append(Likeness.ID_NUMBER)
    if one.card_number and one.card_number == other.card_number:
        found.append(Likeness.CARD_NUMBER)
    same_name = bool(one.name) and one.name == other.name
    same_sound = bool(one.pinyin_flat) and one.pinyin_flat == other.pinyin_flat
    if one.birth_date is not None and one.birth_date == other.birth_date:
        if same_name:
            found.append(Likeness.NAME_AND_BIRTH)
        elif same_sound:
            found.append(Likeness.PINYIN_AND_BIRTH)
    if one.phone and one.phone == other.phone:
        if same_name:
            found.append(Likeness.NAME_AND_PHONE)
        elif same_sound:
            found.append(Likeness.PHONE_AND_PINYIN)
    return tuple(sorted(found, key=lambda likeness: -_WEIGHT[likeness]))


def differences(one: Traits, other: Traits) -> tuple[str, ...]:
    """Fields known of both that say different things."""
    found = []
    if one.name and other.name and one.name != other.name:
        found.append("name")
    if Sex.UNKNOWN not in (one.sex, other.sex) and one.sex is not other.sex:
        found.append("sex")
    if one.birth_date and other.birth_date and one.birth_date != other.birth_date:
        found.append("birth_date")
    if one.id_number and other.id_number and not same_id_number(one.id_number, other.id_number):
        found.append("id_number")
    return tuple(found)


def score_of(shared: Sequence[Likeness], against: Iterable[str]) -> int:
    """1 to 100: the strongest likeness, a little for each further one, less for what speaks against it."""
    if not shared:
        return 0
    points = _WEIGHT[shared[0]] + _MORE * (len(shared) - 1) - sum(_AGAINST[field] for field in against)
    return max(1, min(100, points))


def similar_rows(uow: UnitOfWork, wanted: Traits, phone: str, except_id: int | None) -> list[PatientRow]:
    """Return records that share something with `wanted`; only indexed columns are asked."""
    signs: list[ColumnElement[bool]] = []
    if wanted.id_number:
        signs.append(PatientRow.id_number.in_({wanted.id_number, _long(wanted.id_number), _short(wanted.id_number)}))
    if wanted.card_number:
        signs.append(PatientRow.card_number == wanted.card_number)
    if wanted.birth_date is not None and (wanted.name or wanted.pinyin_flat):
        same = or_(PatientRow.name == wanted.name, PatientRow.pinyin_flat == wanted.pinyin_flat)
        signs.append(and_(PatientRow.birth_date == wanted.birth_date, same))
    if wanted.phone and (wanted.name or wanted.pinyin_flat):
        signs.append(PatientRow.phone.in_({phone.strip(), wanted.phone, f"+86{wanted.phone}", f"86{wanted.phone}"}))
    rows: dict[int, PatientRow] = {}
    for sign in signs:  # one index each: an OR over all of them makes a planner read the whole table
        query = select(PatientRow).where(sign, IS_HEAD).order_by(PatientRow.id.desc()).limit(_CANDIDATES)
        rows.update((row.id, row) for row in uow.session.scalars(query))
    rows.pop(except_id or 0, None)
    return list(rows.values())


def _short(number: str) -> str:
    """The 15 digits of a number of 18 whose holder was born in the last century, else the number itself."""
    is_old = len(number) == 18 and number[6:8] == "19" and number[:17].isdigit()
    return number[:6] + number[8:17] if is_old else number


def doubled_rows(uow: UnitOfWork, limit: int) -> list[list[PatientRow]]:
    """Return groups of records that share an identity number, or name and birth date; newest groups first."""
    groups: list[list[PatientRow]] = []
    by_number = (
        select(PatientRow.id_number)
        .where(PatientRow.id_number != "", IS_HEAD)
        .group_by(PatientRow.id_number)
        .having(func.count() > 1)
        .order_by(func.max(PatientRow.id).desc())
        .limit(limit)
    )
    for number in uow.session.scalars(by_number).all():
        groups.append(_group(uow, PatientRow.id_number == number))
    by_birth = (
        select(PatientRow.name, PatientRow.birth_date)
        .where(PatientRow.birth_date.is_not(None), IS_HEAD)
        .group_by(PatientRow.name, PatientRow.birth_date)
        .having(func.count() > 1)
        .order_by(func.max(PatientRow.id).desc())
        .limit(limit)
    )
    for name, born in uow.session.execute(by_birth).all():
        groups.append(_group(uow, and_(PatientRow.name == name, PatientRow.birth_date == born)))
    return groups


def _group(uow: UnitOfWork, condition: ColumnElement[bool]) -> list[PatientRow]:
    query = select(PatientRow).where(condition, IS_HEAD).order_by(PatientRow.id).limit(10)
    return list(uow.session.scalars(query))
