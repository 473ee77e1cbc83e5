"""Use cases of patients: admit, revise, find, link."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, func, or_, select

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork, next_number
from server.kernel.database.text import begins
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid, not_found
from server.patients.likeness import (
    MAX_FOUND,
    differences,
    doubled_rows,
    likenesses,
    score_of,
    similar_rows,
    traits_of_row,
    traits_typed,
)
from server.patients.names import initials_for
from server.patients.rules import fault_of_birth_date, flat, read_identity
from server.patients.sight import Sight
from server.patients.tables import PatientLinkRow, PatientRow
from shared.contract.base import Changed, Page
from shared.contract.exams import PatientEntry
from shared.contract.patients import (
    FindDuplicates,
    FindSimilar,
    LikePair,
    LinkPatient,
    PatientLinkView,
    PatientList,
    PatientRecords,
    PatientView,
    SeparatePatient,
    SimilarPatient,
)
from shared.dicomkit.names import is_chinese, romanised
from shared.domain.identity_documents import DocumentKind, IdentityError, normal_number
from shared.domain.states import Sex

MAX_PAGE = 500
_FURTHEST_ROW = 10**9
_LIMITS = {
    "name": 64,
    "pinyin": 64,
    "card_number": 32,
    "inpatient_number": 32,
    "health_check_number": 32,
    "phone": 32,
    "address": 200,
}


# Nearly everybody is linked to nobody: said so plainly, SQLite would take that index and read the whole table.
_IS_HEAD = func.coalesce(PatientRow.linked_to, 0) == 0


@dataclass(frozen=True)
class Particulars:
    """A patient entry after checking: trimmed, birth date and sex completed from the identity card."""

    name: str
    pinyin: str
    pinyin_flat: str
    initials: str
    sex: Sex
    birth_date: date | None
    card_number: str
    id_number: str
    inpatient_number: str
    health_check_number: str
    phone: str
    address: str
    id_kind: str


LinkFollower = Callable[[UnitOfWork, Caller, PatientView, PatientView, bool], None]
"""Told in the same transaction: record, the record that stands for it (or stood), and whether it was linked now."""


class PatientService:
    """Patients. Methods work in the caller's unit of work and never commit."""

    def __init__(self, time: HospitalTime) -> None:
        self._time = time
        self.followers: list[LinkFollower] = []
        self.sight = Sight()

    def check(self, entry: PatientEntry) -> Particulars:
        """Return the entry checked and completed. Raises INVALID with a field such as `patient.id_number`."""
        text = {field: str(getattr(entry, field)).strip() for field in _LIMITS}
        for field, limit in _LIMITS.items():
            if len(text[field]) > limit:
                raise invalid(f"patient.{field}", f"内容太长，最多 {limit} 个字符。")
            if any(ord(character) < 32 for character in text[field]):
                raise invalid(f"patient.{field}", "内容中有不能保存的控制字符，请重新输入。")
        name = text["name"]
        if not name:
            raise invalid("patient.name", "请填写患者姓名。")
        id_number = normal_number(entry.id_number)
        born, sex = self._checked_birth(entry, id_number)
        pinyin = text["pinyin"] or romanised(name)[:64]
        return Particulars(
            name=name,
            pinyin=pinyin,
            pinyin_flat=flat(pinyin),
            initials=initials_for(name, pinyin),
            sex=sex,
            birth_date=born,
            card_number=text["card_number"],
            id_number=id_number,
            inpatient_number=text["inpatient_number"],
            health_check_number=text["health_check_number"],
            phone=text["phone"],
            address=text["address"],
            id_kind=entry.id_kind.value if entry.id_kind is not None and id_number else "",
        )

    def admit(self, uow: UnitOfWork, caller: Caller, entry: PatientEntry) -> PatientView:
        """Return the patient of a registration: the one named, the one with the same number and name, or a new one.

        What the entry leaves empty is kept. Raises INVALID, NOT_FOUND.
        """
        particulars = self.check(entry)
        row = self._named(uow, entry.patient_id) or self._same_person(uow, particulars)
        if row is None:
            return self._make(uow, particulars)
        return self._write(uow, row, particulars, keep_when_empty=True)

    def revise(self, uow: UnitOfWork, caller: Caller, patient_id: int, entry: PatientEntry) -> PatientView:
        """Replace what is known of a patient by the entry; empty fields empty it. Raises INVALID, NOT_FOUND."""
        row = self._row(uow, patient_id)
        return self._write(uow, row, self.check(entry), keep_when_empty=False)

    def get(self, uow: UnitOfWork, patient_id: int) -> PatientView:
        """Return one patient. Raises NOT_FOUND."""
        return _view(self._row(uow, patient_id))

    def many(self, uow: UnitOfWork, patient_ids: Iterable[int]) -> dict[int, PatientView]:
        """Return the patients of these ids; unknown ids are left out."""
        wanted = set(patient_ids)
        rows = uow.session.scalars(select(PatientRow).where(PatientRow.id.in_(wanted))) if wanted else ()
        return {row.id: _view(row) for row in rows}

    def search(self, uow: UnitOfWork, caller: Caller, text: str, page: Page) -> PatientList:
        """Find by name (Chinese, pinyin, initials) or number, newest first; an empty text finds everybody.

        An account that is kept within campuses finds the patients examined there, and whoever has exactly the number:
        so a patient who comes for the first time is registered under the record that the other campus made.
        """
        wanted = text.strip()
        own = self.sight.within(caller)
        if not wanted:
            return self._listed(uow, and_(_IS_HEAD, own), page)
        shown = or_(own, _bears(wanted)) if caller.is_limited else own
        found = self._listed(uow, and_(_IS_HEAD, _matches(wanted), shown), page)
        if found.total == 0 and is_chinese(wanted):  # a part from the middle: only now is the whole table read
            inside = PatientRow.name.contains(wanted, autoescape=True)
            found = self._listed(uow, and_(_IS_HEAD, inside, own), page)
        return found

    def ids_of_number(self, uow: UnitOfWork, number: str) -> tuple[int, ...]:
        """Return the records of who has exactly this card, identity, patient, in-patient or health-check number."""
        wanted = number.strip()
        if not wanted:
            return ()
        return tuple(uow.session.scalars(select(PatientRow.id).where(_bears(wanted))))

    def find_duplicates(self, uow: UnitOfWork, request: FindDuplicates) -> PatientList:
        """Return patients with the same identity or card number, or the same name and birth date."""
        signs: list[ColumnElement[bool]] = []
        if request.id_number.strip():
            signs.append(PatientRow.id_number == normal_number(request.id_number))
        if request.card_number.strip():
            signs.append(PatientRow.card_number == request.card_number.strip())
        if request.name.strip() and request.birth_date is not None:
            same_day = PatientRow.birth_date == request.birth_date
            signs.append(and_(PatientRow.name == request.name.strip(), same_day))
        if not signs:
            return PatientList(total=0, rows=())
        return self._listed(uow, and_(_IS_HEAD, or_(*signs)), Page(limit=50))

    def find_similar(self, uow: UnitOfWork, request: FindSimilar) -> tuple[SimilarPatient, ...]:
        """Return records that may be the person being typed, the likeliest first."""
        wanted = traits_typed(request)
        found = []
        for row in similar_rows(uow, wanted, request.phone, request.except_id):
            traits = traits_of_row(row)
            shared = likenesses(wanted, traits)
            if shared:
                against = differences(wanted, traits)
                score = score_of(shared, against)
                found.append(SimilarPatient(patient=_view(row), likenesses=shared, score=score, differs=against))
        found.sort(key=lambda similar: (-similar.score, -similar.patient.id))
        return tuple(found[:MAX_FOUND])

    def like_pairs(self, uow: UnitOfWork, limit: int) -> tuple[LikePair, ...]:
        """Return pairs of records that may be one person, the likeliest first."""
        most = min(max(limit, 1), 200)
        pairs: dict[tuple[int, int], LikePair] = {}
        for group in doubled_rows(uow, most):
            first = group[0]
            for second in group[1:]:
                one, other = traits_of_row(first), traits_of_row(second)
                shared = likenesses(one, other)
                score = score_of(shared, differences(one, other))
                pair = LikePair(first=_view(first), second=_view(second), likenesses=shared, score=score)
                pairs.setdefault((first.id, second.id), pair)
        return tuple(sorted(pairs.values(), key=lambda pair: (-pair.score, -pair.second.id))[:most])

    def records(self, uow: UnitOfWork, patient_id: int) -> PatientRecords:
        """Return all records of a person and the trace of their links. Raises NOT_FOUND."""
        ids = self.linked_ids(uow, patient_id)
        views = self.many(uow, ids)
        concerns = or_(PatientLinkRow.patient_id.in_(ids), PatientLinkRow.into_id.in_(ids))
        return PatientRecords(records=tuple(views[one] for one in ids), trace=self._traces(uow, concerns, 200))

    def links(self, uow: UnitOfWork, limit: int) -> tuple[PatientLinkView, ...]:
        """Return the latest links and separations of the hospital."""
        return self._traces(uow, PatientLinkRow.id > 0, min(max(limit, 1), 200))

    def _traces(self, uow: UnitOfWork, condition: ColumnElement[bool], limit: int) -> tuple[PatientLinkView, ...]:
        query = select(PatientLinkRow).where(condition).order_by(PatientLinkRow.id.desc()).limit(limit)
        return tuple(
            PatientLinkView(
                patient_id=row.patient_id,
                into_id=row.into_id,
                is_linked=row.is_linked,
                reason=row.reason,
                user_name=row.user_name,
                at=row.at,
            )
            for row in uow.session.scalars(query)
        )

    def bearing(self, uow: UnitOfWork, number: str) -> tuple[PatientView, ...]:
        """Return the people that bear a number as card, identity, inpatient or health-check number, oldest first."""
        wanted = number.strip()
        if not wanted:
            return ()
        columns = (PatientRow.card_number, PatientRow.inpatient_number, PatientRow.health_check_number)
        bears = or_(*(column == wanted for column in columns), PatientRow.id_number == wanted.upper())
        rows = uow.session.scalars(select(PatientRow).where(bears, _IS_HEAD).order_by(PatientRow.id).limit(20))
        return tuple(_view(row) for row in rows)

    def link(self, uow: UnitOfWork, caller: Caller, request: LinkPatient) -> PatientView:
        """Let the record `into_id` stand for `patient_id` too; searches then find only it.

        The exams keep the number they were made with: images and reports already bear it. Raises CONFLICT, INVALID,
        NOT_FOUND.
        """
        if request.patient_id == request.into_id:
            raise invalid("into_id", "不能把患者与自己合并，请选择另一条记录。")
        both = {one: self._row(uow, one) for one in sorted((request.patient_id, request.into_id))}  # one lock order
        row, into = both[request.patient_id], both[request.into_id]
        row.expect(request.version)
        if row.linked_to is not None or into.linked_to is not None or self._others(uow, row.id):
            raise invalid("into_id", "其中一条记录已与别的患者合并，请先拆分。")
        row.linked_to = into.id
        return self._trace(uow, caller, row, into, request.reason, is_linked=True)

    def separate(self, uow: UnitOfWork, caller: Caller, request: SeparatePatient) -> PatientView:
        """Take a link back. Raises CONFLICT, INVALID when the record is not linked, NOT_FOUND."""
        row = self._row(uow, request.patient_id)
        row.expect(request.version)
        if row.linked_to is None:
            raise invalid("patient_id", "这条记录没有合并过，无需拆分。")
        into, row.linked_to = self._row(uow, row.linked_to), None
        return self._trace(uow, caller, row, into, request.reason, is_linked=False)

    def linked_ids(self, uow: UnitOfWork, patient_id: int) -> tuple[int, ...]:
        """Return the ids of all records of the same person, this one included: for histories across links."""
        row = uow.session.get(PatientRow, patient_id)
        if row is None:
            raise not_found("患者")
        head = row.linked_to or row.id
        return (head, *self._others(uow, head))

    def _others(self, uow: UnitOfWork, head: int) -> tuple[int, ...]:
        """Return the records for which `head` stands."""
        return tuple(uow.session.scalars(select(PatientRow.id).where(PatientRow.linked_to == head)))

    def _checked_birth(self, entry: PatientEntry, id_number: str) -> tuple[date | None, Sex]:
        born, sex = entry.birth_date, entry.sex
        if id_number:
            try:
                card = read_identity(id_number, entry.id_kind, today=self._time.today())
            except IdentityError as error:
                raise invalid("patient.id_number", str(error)) from None
            if card is not None:
                if born is not None and born != card.birth_date:
                    raise invalid(
                        "patient.birth_date", f"出生日期与身份证号不符（证件上是 {card.birth_date}），请核对。"
                    )
                if sex not in (Sex.UNKNOWN, card.sex):
                    raise invalid("patient.sex", "性别与身份证号不符，请核对。")
                born, sex = card.birth_date, card.sex
        if born is not None:
            fault = fault_of_birth_date(born, self._time.today())
            if fault is not None:
                raise invalid("patient.birth_date", fault)
        return born, sex

    def _named(self, uow: UnitOfWork, patient_id: int | None) -> PatientRow | None:
        if patient_id is None:
            return None
        row = self._row(uow, patient_id)
        return row if row.linked_to is None else self._row(uow, row.linked_to)

    def _same_person(self, uow: UnitOfWork, particulars: Particulars) -> PatientRow | None:
        """Return the patient that bears one of the entry's numbers; a number borne by another name is refused."""
        for field, sentence in (
            ("id_number", "该证件号已登记给另一位患者（{name}），请核对姓名或证件号。"),
            ("card_number", "该就诊卡号已登记给另一位患者（{name}），请核对姓名或卡号。"),
        ):
            value = getattr(particulars, field)
            if not value:
                continue
            column = getattr(PatientRow, field)
            rows = uow.session.scalars(
                select(PatientRow).where(column == value, _IS_HEAD).order_by(PatientRow.id).with_for_update()
            ).all()
            for row in rows:
                if row.name == particulars.name:
                    return row
            if rows:
                raise invalid(f"patient.{field}", sentence.format(name=rows[0].name))
        return None

    def _make(self, uow: UnitOfWork, particulars: Particulars) -> PatientView:
        number = f"P{next_number(uow.session, 'patient'):08d}"
        row = PatientRow(number=number, created_at=self._time.now(), version=1, **vars(particulars))
        uow.session.add(row)
        uow.session.flush()
        uow.publish(Changed(entity="patient", id=row.id, version=row.version))
        return _view(row)

    def _write(
        self, uow: UnitOfWork, row: PatientRow, particulars: Particulars, *, keep_when_empty: bool
    ) -> PatientView:
        changed = False
        for field, value in vars(particulars).items():
            is_empty = value in ("", None, Sex.UNKNOWN)
            if (keep_when_empty and is_empty) or getattr(row, field) == value:
                continue
            setattr(row, field, value)
            changed = True
        if changed:
            row.touch()
            uow.session.flush()
            uow.publish(Changed(entity="patient", id=row.id, version=row.version))
        return _view(row)

    def lock(self, uow: UnitOfWork, patient_id: int) -> None:
        """Keep other writers off a patient until the end of this unit of work. Raises NOT_FOUND."""
        self._row(uow, patient_id)

    def _row(self, uow: UnitOfWork, patient_id: int) -> PatientRow:
        """Return the row, locked by a writer: two registrations of one person wait for each other."""
        query = select(PatientRow).where(PatientRow.id == patient_id)
        row = uow.session.scalars(query.with_for_update() if uow.is_writer else query).one_or_none()
        if row is None:
            raise not_found("患者")
        return row

    def _trace(
        self, uow: UnitOfWork, caller: Caller, row: PatientRow, into: PatientRow, reason: str, *, is_linked: bool
    ) -> PatientView:
        if not reason.strip():
            raise invalid("reason", "请填写原因，以便日后查对。")
        row.touch()
        uow.session.add(
            PatientLinkRow(
                patient_id=row.id,
                into_id=into.id,
                is_linked=is_linked,
                reason=reason.strip()[:200],
                user_name=caller.name[:64],
                at=self._time.now(),
            )
        )
        uow.session.flush()
        uow.publish(Changed(entity="patient", id=row.id, version=row.version))
        for follower in self.followers:
            follower(uow, caller, _view(row), _view(into), is_linked)
        return _view(row)

    def _listed(self, uow: UnitOfWork, condition: ColumnElement[bool], page: Page) -> PatientList:
        total = uow.session.execute(select(func.count()).select_from(PatientRow).where(condition)).scalar_one()
        # by way of the ids: ordering the condition itself, SQLite walks the whole table backwards for a rare match
        rows = uow.session.scalars(
            select(PatientRow)
            .where(PatientRow.id.in_(select(PatientRow.id).where(condition)))
            .order_by(PatientRow.id.desc())
            .offset(min(max(page.offset, 0), _FURTHEST_ROW))
            .limit(min(max(page.limit, 1), MAX_PAGE))
        )
        return PatientList(total=total, rows=tuple(_view(row) for row in rows))


def _bears(number: str) -> ColumnElement[bool]:
    """Has exactly this card, identity, patient, in-patient or health-check number."""
    columns = (
        PatientRow.card_number,
        PatientRow.id_number,
        PatientRow.number,
        PatientRow.inpatient_number,
        PatientRow.health_check_number,
    )
    return or_(*(one == number for one in columns))


def _matches(wanted: str) -> ColumnElement[bool]:
    if is_chinese(wanted):
        return begins(PatientRow.name, wanted)
    key, upper = flat(wanted), normal_number(wanted)
    conditions = [
        PatientRow.number == upper,
        begins(PatientRow.card_number, wanted),
        begins(PatientRow.id_number, upper),
        begins(PatientRow.inpatient_number, wanted),
        begins(PatientRow.health_check_number, wanted),
        PatientRow.phone == wanted,
        begins(PatientRow.name, wanted),
    ]
    if key and not key.isdigit():
        conditions += [begins(PatientRow.pinyin_flat, key), begins(PatientRow.initials, key)]
    return or_(*conditions)


def _view(row: PatientRow) -> PatientView:
    return PatientView(
        id=row.id,
        version=row.version,
        patient_number=row.number,
        name=row.name,
        pinyin=row.pinyin,
        sex=Sex(row.sex),
        birth_date=row.birth_date,
        card_number=row.card_number,
        id_number=row.id_number,
        inpatient_number=row.inpatient_number,
        health_check_number=row.health_check_number,
        phone=row.phone,
        address=row.address,
        id_kind=DocumentKind(row.id_kind) if row.id_kind else None,
        linked_to=row.linked_to,
    )
