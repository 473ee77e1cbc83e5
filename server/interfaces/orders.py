"""Reads orders out of ORM^O01, OMG^O19 and OMI^O23 (HL7 v2.5.1 chapter 4.4) into applications."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from server.interfaces import rules
from server.interfaces.people import Person
from server.organisation.service import Hospital
from shared.contract.exams import ClinicalEntry, ItemEntry, RequesterEntry, SubmitApplication
from shared.dicomkit.names import is_chinese
from shared.domain.states import PatientType
from shared.hl7.message import Message, MessageError, Segment, time_of

MAX_GROUPS = 100
_URGENT = frozenset({"S", "STAT", "A", "ASAP", "C", "CR", "U"})
_LONGEST_TEXT = 4000


@dataclass(frozen=True, slots=True)
class CodeBook:
    """What their codes mean here: the hospital's items and exam types, and a connection's own translations."""

    hospital: Hospital
    codes: Mapping[str, str]

    def exam_type(self, code: str) -> str:
        """Return the exam type of a department or modality code; empty when it is none."""
        wanted = self.codes.get(code, code)
        return wanted if wanted in self.hospital.exam_types else ""

    def item(self, code: str, name: str, body_part: str, section: str) -> tuple[str, ItemEntry] | None:
        """Return exam type and item; one that is not in our dictionary needs a section that tells its type."""
        ours = self.codes.get(code, code)
        known = self.hospital.items.get(ours)
        if known is not None:
            part = known.body_part or body_part
            return known.exam_type, ItemEntry(
                code=known.code, name=known.name, body_part=part, price_fen=known.price_fen
            )
        kind = self.exam_type(ours) or self.exam_type(section)
        if not kind:
            return None
        return kind, ItemEntry(code=code, name=name or code, body_part=body_part[:50], price_fen=0)

    def campus(self, words: Iterable[str]) -> int | None:
        """Return the campus that the first fitting word names: by its code or name, or by the code of a department.

        None where none does: a request that names no campus is the first campus's (server.ecg.exams).
        """
        view = self.hospital.view
        named = {one.code.casefold(): one.id for one in view.campuses} | {one.name: one.id for one in view.campuses}
        departments = {one.code.casefold(): one.campus_id for one in view.departments}
        for word in words:
            ours = self.codes.get(word, word).strip()
            for found in (named.get(ours), named.get(ours.casefold()), departments.get(ours.casefold())):
                if ours and found is not None:
                    return found
        return None


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order to keep as an application."""

    request: SubmitApplication
    patient_key: str


@dataclass(frozen=True, slots=True)
class CancelledOrder:
    """An order that is taken back."""

    his_number: str


Order = NewOrder | CancelledOrder


@dataclass(slots=True)
class _Group:
    """An ORC with the segments that belong to it."""

    orc: Segment
    obr: Segment | None = None
    more: list[Segment] = field(default_factory=list)
    index: int = 1  # of the ORC, for ERR

    def all(self, name: str) -> Iterator[Segment]:
        return (one for one in self.more if one.name == name)

    @property
    def number(self) -> str:
        own = self.orc.value(2) or (self.obr.value(2) if self.obr is not None else "") or self.orc.value(4)
        if not own:
            raise MessageError("the order has no number", "101", ("ORC", self.index, 2))
        if len(own) > 64:
            raise MessageError("the order number is longer than 64 characters", "102", ("ORC", self.index, 2))
        return own

    @property
    def control(self) -> str:
        return self.orc.value(1).upper()


def order_numbers(message: Message) -> str:
    """Return the first order number of a message, for the journal; empty when there is none."""
    for name in ("ORC", "OBR"):
        for one in message.all(name):
            if one.value(2):
                return one.value(2)[:64]
    return next((one.value(23)[:64] for one in message.all("FT1") if one.value(23)), "")


def orders_of(message: Message, person: Person, book: CodeBook, zone: tzinfo) -> list[Order]:
    """Read all orders of a message; groups of one order number are one application. Raises MessageError."""
    groups = list(_groups(message))
    if not groups:
        raise MessageError("the message holds no order (ORC)", "100", ("ORC", 1, 0))
    joined: dict[str, list[_Group]] = {}
    for group in groups:
        joined.setdefault(group.number, []).append(group)
    return [_order(message, number, together, person, book, zone) for number, together in joined.items()]


def _groups(message: Message) -> Iterator[_Group]:
    present: _Group | None = None
    count = 0
    for one in message.segments:
        if one.name == "ORC":
            count += 1
            if count > MAX_GROUPS:
                raise MessageError(f"the message holds more than {MAX_GROUPS} orders", "102")
            if present is not None:
                yield present
            present = _Group(one, index=count)
        elif present is not None and one.name == "OBR":
            if present.obr is not None:  # another item under the same ORC
                yield present
                present = _Group(present.orc, index=present.index)
            present.obr = one
        elif present is not None:
            present.more.append(one)
    if present is not None:
        yield present


def _order(
    message: Message, number: str, groups: Sequence[_Group], person: Person, book: CodeBook, zone: tzinfo
) -> Order:
    controls = {group.control for group in groups}
    if controls <= rules.CANCELS:
        return CancelledOrder(number)
    for group in groups:
        if group.control not in rules.PLACES | rules.CANCELS:
            raise MessageError(
                f"the order control {group.control[:8]!r} is not supported", "103", ("ORC", group.index, 1)
            )
    kept = [group for group in groups if group.control not in rules.CANCELS]
    exam_type, items = _items(kept, book)
    first = kept[0]
    is_urgent = any(_urgent(group) for group in kept)
    request = SubmitApplication(
        patient=person.entry,
        exam_type=exam_type,
        items=items,
        clinical=_clinical(message, kept),
        requester=_requester(message, first, number, zone),
        patient_type=PatientType.EMERGENCY if is_urgent else person.patient_type,
        campus_id=book.campus(_places(message, first)),
    )
    return NewOrder(request, person.key)


def _items(groups: Sequence[_Group], book: CodeBook) -> tuple[str, tuple[ItemEntry, ...]]:
    kinds: dict[str, None] = {}
    items: dict[str, ItemEntry] = {}
    for group in groups:
        obr = group.obr
        if obr is None:
            raise MessageError("the order has no item (OBR)", "100", ("OBR", group.index, 0))
        place = ("OBR", group.index, 4)
        code = obr.value(4) or obr.value(4, 4)
        name = obr.value(4, 2) or obr.value(4, 5)
        if not code:
            raise MessageError("the item has no code", "101", place)
        found = book.item(code, name, _body_part(group), _section(group))
        if found is None:
            raise MessageError(
                f"the item code {code[:30]!r} is not in the dictionary, and nothing tells its exam type", "204", place
            )
        kinds[found[0]] = None
        items.setdefault(found[1].code, found[1])
    if len(kinds) > 1:
        raise MessageError(
            f"one order holds items of several exam types ({', '.join(kinds)}): it needs a number for each", "102"
        )
    return next(iter(kinds)), tuple(items.values())


def _places(message: Message, group: _Group) -> list[str]:
    """What may name the hospital of an order, the most exact first: who orders, where the patient is, who sends."""
    orc, visit = group.orc, message.first("PV1")
    found = [orc.value(21, 10), orc.value(21, 3), orc.value(21)]
    found += [] if visit is None else [visit.value(3, 4), visit.value(3, 4, 2)]
    found += [message.header.value(4), message.header.value(4, 2), orc.value(17)]
    return found + ([] if visit is None else [visit.value(3)])


def _section(group: _Group) -> str:
    """The modality that an order names: IPC-5 (OMI), else the department's code OBR-24."""
    for ipc in group.all("IPC"):
        if ipc.value(5):
            return ipc.value(5)
    return group.obr.value(24) if group.obr is not None else ""


def _body_part(group: _Group) -> str:
    obr = group.obr
    if obr is None:
        return ""
    site = next(iter(obr.repetitions(15)), "").split(obr.separators.component)
    raw = site[3] if len(site) > 3 else ""  # SPS.4 is a coded site: its parts are subcomponents
    parts = raw.split(obr.separators.subcomponent)
    return (parts[1] if len(parts) > 1 and parts[1] else parts[0])[:50]


def _urgent(group: _Group) -> bool:
    marks = {tq1.value(9).upper() for tq1 in group.all("TQ1")} | {group.orc.value(7, 6).upper()}
    if group.obr is not None:
        marks |= {group.obr.value(27, 6).upper(), group.obr.value(5).upper()}
    return bool(marks & _URGENT)


def _clinical(message: Message, groups: Sequence[_Group]) -> ClinicalEntry:
    diagnoses = [one.value(3, 2) or one.value(4) or one.value(3) for one in message.all("DG1")]
    reasons, notes, histories = [], [], []
    for group in groups:
        if group.obr is not None:
            for one in group.obr.repetitions(31):
                reasons.append(group.obr.part(one, 2) or group.obr.part(one))
            histories.append(group.obr.text(13))
        notes += [one.text(3) for one in group.all("NTE")]
    return ClinicalEntry(
        diagnosis=_listing(diagnoses, "；"),
        purpose=_listing([*reasons, *notes], "\n"),
        history=_listing(histories, "\n"),
    )


def _listing(texts: Sequence[str], mark: str) -> str:
    return mark.join(dict.fromkeys(text for text in texts if text))[:_LONGEST_TEXT]


def _requester(message: Message, group: _Group, number: str, zone: tzinfo) -> RequesterEntry:
    orc, obr, visit = group.orc, group.obr, message.first("PV1")
    department = orc.value(17, 2) or orc.value(17) or orc.value(21)
    if not department and visit is not None:
        department = visit.value(3, 1) or visit.value(3, 4)
    doctor = _provider(orc, 12) or (_provider(obr, 16) if obr is not None else "")
    asked = orc.value(9) or orc.value(15) or (obr.value(6) if obr is not None else "") or message.header.value(7)
    return RequesterEntry(
        department=department[:64],
        doctor=doctor[:64],
        requested_at=time_of(asked, zone, ("ORC", group.index, 9)),
        his_number=number,
        ward="" if visit is None else (visit.value(3, 1) or visit.value(3, 4))[:64],
        bed="" if visit is None else visit.value(3, 3)[:32],
    )


def _provider(segment: Segment, number: int) -> str:
    """The name of an XCN (number^family^given), else its number."""
    family, given = segment.value(number, 2), segment.value(number, 3)
    if not family + given:
        return segment.value(number)
    return family + given if is_chinese(family + given) else " ".join(part for part in (family, given) if part)
