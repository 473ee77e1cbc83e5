"""A hospital of made-up records: written into a database, and kept as plain Python to count them a second way."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from server.bootstrap.pathology_statistics import build_pathology_statistics
from server.kernel.database import Database
from server.kernel.dispatch import Caller, collect
from server.pathology.cases.tables import CaseRow, ChargeRow, FlagRow, LibraryRow
from server.pathology.orders.tables import OrderRow
from server.pathology.reports.tables import (
    CodeRow,
    FrozenSection,
    Opinion,
    OpinionVersion,
    Report,
    ReportVersion,
)
from server.pathology.statistics.tables import ComparisonRow
from server.pathology.technique.tables import BlockRow, SlideRow, SpecimenRow
from shared.contract.base import Request
from shared.contract.printing import DocumentView
from shared.domain.pathology_reports import FIRST_REPORT_ID
from tests.server.pathology.pathology_world import BOSS, PathologyWorld

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 120
LIBRARIES = ("常规", "冰冻", "细胞学", "液基细胞学", "肾穿")
UNITS = ("本院", "东区医院", "=HYPERLINK(1)", "")
DEPARTMENTS = ("普外科", "妇科", "消化科")
PEOPLE = ("王技师", "李医师", "赵主任")
DIAGNOSES = ("（胃窦）腺癌，中分化。", "慢性胃炎，未见癌。", "乳腺浸润性癌", "HSIL", "子宫平滑肌瘤", "淋巴结未见转移")
CODES = (("icd10", "C16.9", "胃恶性肿瘤"), ("icd10", "K29.5", "慢性胃炎"), ("icdo-m", "8140/3", "腺癌"))
STAINS = ("HE", "HE", "HE", "Ki-67", "PAS")
SOURCES = ("routine", "recut", "immuno", "special_stain", "molecular", "smear")
RESULTS = ("agrees", "agrees", "partly", "disagrees", "deferred", "")


@dataclass
class Record:
    """A case as plain values; lists of dictionaries are what lies in it."""

    case: dict[str, Any]
    specimens: list[dict[str, Any]] = field(default_factory=list)
    blocks: list[dict[str, Any]] = field(default_factory=list)
    slides: list[dict[str, Any]] = field(default_factory=list)
    orders: list[dict[str, Any]] = field(default_factory=list)
    charges: list[dict[str, Any]] = field(default_factory=list)
    codes: list[tuple[str, str, str]] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    report: dict[str, Any] | None = None
    opinions: list[dict[str, Any]] = field(default_factory=list)
    frozen: dict[str, Any] | None = None
    comparison: dict[str, Any] | None = None

    @property
    def is_counted(self) -> bool:
        return self.case["state"] not in ("deleted", "appointed")


class KeptPapers:
    """statistics' documents, in memory."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, bytes]] = []

    def keep_view(
        self, uow: Any, *, kind: str, media_type: str, data: bytes, subject_id: int, warning: str = ""
    ) -> Any:
        self.kept.append((kind, data))
        return DocumentView(
            id=len(self.kept),
            kind=kind,
            media_type=media_type,
            size_bytes=len(data),
            sha256="",
            created_at=BEGIN,
            warning=warning,
        )


class StatisticsHouse:
    """The room over a database, called through its handlers."""

    def __init__(self, database: Database) -> None:
        self.world = PathologyWorld(database)
        self.documents = KeptPapers()
        organisation = SimpleNamespace(
            hospital=lambda _uow: SimpleNamespace(view=SimpleNamespace(name="明镜医院", name_en="Mingjing Hospital"))
        )
        house: Any = SimpleNamespace(
            database=database, time=self.world.time, documents=self.documents, organisation=organisation
        )
        self.database = database
        self.time = self.world.time
        self.handlers = collect(*build_pathology_statistics(house, self.world.cases))
        self.records: list[Record] = []

    def ask(self, request: Request[Any], caller: Caller = BOSS) -> Any:
        """Answer a request as the router does, its permission included."""
        handler = self.handlers[request.method]
        assert caller.may(request.permission)
        if not handler.in_transaction:
            return handler.call(request, caller)
        opened = self.database.write() if request.is_command else self.database.read()
        with opened as uow:
            return handler.call(request, caller, uow)

    def fill(self, cases: int, seed: int = 7) -> None:
        """Write as many cases."""
        chance = random.Random(seed)
        self.records = [_record(chance, place, self.world.libraries) for place in range(1, cases + 1)]
        with self.database.write() as uow:
            for record in self.records:
                _write(uow.session, record)
                uow.session.flush()


def _moment(chance: random.Random, since: datetime, days: float) -> datetime:
    return since + timedelta(minutes=chance.randrange(int(days * 1440)))


def _record(chance: random.Random, place: int, libraries: dict[str, int]) -> Record:
    names = list(libraries)
    library = chance.choices(names, weights=[6 if name == names[0] else 2 for name in names])[0]
    received = _moment(chance, BEGIN, DAYS)
    age = chance.choice((None, 0.4, 14.9, 15.0, 33.0, 59.5, 60.0, 75.0, 101.0))
    state = chance.choices(("audited", "sent", "prepared", "registered", "deleted", "appointed"), (5, 5, 3, 3, 1, 1))[0]
    case = {
        "id": place,
        "library": library,
        "library_id": libraries[library],
        "number": None if state == "appointed" else f"T26{place:05d}",
        "state": state,
        "patient_name": chance.choice(("张三", "李四", "王五%", "O'Neil")),
        "sex": chance.choice("MFOU"),
        "age": "" if age is None else f"{int(age)}岁",
        "age_years": age,
        "hospital_patient_id": chance.choice(("", f"P{place % 40}")),
        "department": chance.choice(DEPARTMENTS),
        "sending_unit": chance.choice(UNITS),
        "sending_doctor": chance.choice(PEOPLE),
        "specimen_type": chance.choice(("活检", "手术切除", "")),
        "specimen_name": chance.choice(("胃窦黏膜", "子宫", "乳腺")),
        "clinical_diagnosis": chance.choice(("胃癌?", "", "50%_x")),
        "received_at": received,
        "registered_at": received + timedelta(minutes=5),
        "registered_by": chance.choice(PEOPLE),
        "chief_doctor": chance.choice((*PEOPLE, "")),
    }
    record = Record(case)
    if state == "appointed":
        return record
    _fill_pieces(chance, record, received)
    for _ in range(chance.randrange(3)):
        record.charges.append(
            {
                "kind": chance.choice(("exam", "technical", "special")),
                "name": chance.choice(("活检", "免疫组化")),
                "quantity": chance.randrange(1, 4),
                "price_fen": chance.choice((5000, 12345)),
                "is_paid": chance.random() < 0.5,
                "by": chance.choice(PEOPLE),
                "at": _moment(chance, received, 5),
            }
        )
    record.codes = chance.sample(CODES, chance.randrange(3))
    record.flags = chance.sample(("urgent", "delayed", "infectious"), chance.randrange(2))
    _fill_report(chance, record, received)
    return record


def _fill_pieces(chance: random.Random, record: Record, received: datetime) -> None:
    for _ in range(chance.randrange(1, 3)):
        removed = received - timedelta(minutes=chance.randrange(30, 300))
        fixed = removed + timedelta(minutes=chance.choice((10, 60, 61, 200)))
        zone = chance.choice((UTC, None))
        record.specimens.append(
            {
                "state": chance.choice(("accepted", "accepted", "rejected")),
                "registered_at": received,
                "fixative": chance.choice(("10%中性福尔马林", "NBF", "酒精", "")),
                "removed_at": removed if zone and chance.random() < 0.8 else None,
                "fixed_at": fixed,
            }
        )
    for _ in range(chance.randrange(4)):
        grossed = _moment(chance, received, 2)
        embedded = _moment(chance, grossed, 2) if chance.random() < 0.8 else None
        record.blocks.append(
            {
                "state": "deleted" if chance.random() < 0.1 else "sectioned",
                "source": chance.choice(("routine", "regrossing")),
                "pieces": chance.randrange(1, 5),
                "grosser": chance.choice(PEOPLE),
                "grossed_at": grossed,
                "verified_at": grossed if embedded else None,
                "embedded_by": chance.choice(PEOPLE) if embedded else "",
                "embedded_at": embedded,
                "sectioned_by": chance.choice(PEOPLE) if embedded else "",
                "sectioned_at": embedded and embedded + timedelta(hours=1),
            }
        )
        for _ in range(chance.randrange(3)):
            record.slides.append(
                {
                    "state": "deleted" if chance.random() < 0.1 else "handed_over",
                    "source": chance.choice(SOURCES),
                    "stain": chance.choice(STAINS),
                    "made_by": chance.choice(PEOPLE),
                    "made_at": _moment(chance, grossed, 3),
                    "grade": chance.choice(("", "a", "b", "c", "d")),
                    "handed_over_at": grossed if chance.random() < 0.5 else None,
                }
            )
        if chance.random() < 0.4:
            placed = _moment(chance, grossed, 3)
            record.orders.append(
                {
                    "kind": chance.choice(("recut", "immuno", "molecular")),
                    "state": chance.choice(("waiting", "executed", "deleted")),
                    "marker": chance.choice(("Ki-67", "ER", "")),
                    "placed_at": placed,
                    "executed_at": placed if chance.random() < 0.6 else None,
                    "executed_by": chance.choice(PEOPLE),
                }
            )


def _fill_report(chance: random.Random, record: Record, received: datetime) -> None:
    if record.case["state"] in ("audited", "sent", "deleted"):
        audited = received + timedelta(hours=chance.choice((5, 30, 70, 100, 170, 300)))
        record.report = {
            "state": "audited",
            "audited_at": audited,
            "auditor": chance.choice(PEOPLE),
            "diagnosis": chance.choice(DIAGNOSES),
        }
        if chance.random() < 0.7:
            record.opinions.append(
                {
                    "kind": chance.choice(("first", "chief", "second")),
                    "doctor": chance.choice(PEOPLE),
                    "created_at": received + timedelta(hours=4),
                    "is_draft": chance.random() < 0.2,
                    "diagnosis": chance.choice((record.report["diagnosis"], "待定")),
                }
            )
    if record.case["library"] == "冰冻" or chance.random() < 0.05:
        reported = received + timedelta(minutes=chance.choice((10, 30, 31, 44, 46, 90)))
        record.frozen = {
            "received_at": received,
            "reported_at": reported if chance.random() < 0.9 else None,
            "concordance": chance.choice(RESULTS),
        }
    if record.case["library"] in ("细胞学", "液基细胞学") and chance.random() < 0.5:
        record.comparison = {"result": chance.choice(RESULTS[:4]), "judged_at": _moment(chance, received, 20)}


def _write(session: Any, record: Record) -> None:
    case, number = record.case, record.case["number"] or f"B{record.case['id']}"
    case["id"]
    own = {key: value for key, value in case.items() if key != "library"}
    blank = dict.fromkeys(("application_number", "outpatient_number", "inpatient_number", "id_number", "bed"), "")
    session.add(
        CaseRow(
            **own,
            **blank,
            version=1,
            revision=1,
            entry={"patient_name": case["patient_name"]},
            state_since=case["received_at"],
            registered_by_id=1,
        )
    )
    session.flush()
    _write_pieces(session, record, number)
    _write_beside(session, record)
    _write_texts(session, record)


def _write_pieces(session: Any, record: Record, number: str) -> None:
    case, case_id = record.case, record.case["id"]
    common = {"case_id": case_id, "version": 1, "state_since": case["received_at"]}
    for place, one in enumerate(record.specimens):
        entry = {
            "name": "x",
            "fixative": one["fixative"],
            "removed_at": one["removed_at"].isoformat() if one["removed_at"] else None,
            "fixed_at": one["fixed_at"].isoformat(),
        }
        session.add(
            SpecimenRow(
                **common,
                library_id=case["library_id"],
                serial=place + 1,
                number=f"{number}/{place + 1}",
                name="x",
                entry=entry,
                state=one["state"],
                tissue="none",
                registered_by="x",
                registered_at=one["registered_at"],
            )
        )
    for place, one in enumerate(record.blocks):
        session.add(
            BlockRow(
                **common,
                **one,
                library_id=case["library_id"],
                serial=str(place + 1),
                label=f"{number}-{place + 1}",
                site="",
                unit="",
                recorder_id=1,
                recorder="x",
            )
        )
    for place, one in enumerate(record.slides):
        session.add(SlideRow(**common, **one, library_id=case["library_id"], serial=place, number=f"{number}-S{place}"))


def _write_beside(session: Any, record: Record) -> None:
    case, case_id = record.case, record.case["id"]
    for one in record.orders:
        session.add(OrderRow(case_id=case_id, version=1, **one, count=1, placed_by_id=1, placed_by="x"))
    for one in record.charges:
        session.add(ChargeRow(case_id=case_id, code="", **one))
    for place, (system, code, meaning) in enumerate(record.codes):
        session.add(CodeRow(case_id=case_id, position=place, system=system, code=code, meaning=meaning))
    for flag in record.flags:
        session.add(
            FlagRow(
                case_id=case_id,
                flag=flag,
                library_id=case["library_id"],
                registered_at=case["registered_at"],
                since=case["received_at"],
                by="x",
                note="",
            )
        )


def _write_texts(session: Any, record: Record) -> None:
    case_id = record.case["id"]
    if record.report is not None:
        _write_report(session, record, record.report)
    for one in record.opinions:
        _write_opinion(session, case_id, one)
    if record.frozen is not None:
        session.add(FrozenSection(case_id=case_id, library="frozen", **record.frozen))
    if record.comparison is not None:
        session.add(
            ComparisonRow(
                pair="cytology", case_id=case_id, other_id=case_id, note="", judged_by="x", **record.comparison
            )
        )


def _write_report(session: Any, record: Record, one: dict[str, Any]) -> None:
    case_id = record.case["id"]
    session.add(
        Report(
            id=FIRST_REPORT_ID + case_id,
            version=1,
            case_id=case_id,
            kind="main",
            number=1,
            state=one["state"],
            created_at=one["audited_at"],
            auditor=one["auditor"],
            audited_at=one["audited_at"],
            text_number=2,
            author=record.case["chief_doctor"],
        )
    )
    session.flush()
    for number, text in ((1, "旧文字 癌"), (2, one["diagnosis"])):
        session.add(
            ReportVersion(
                report_id=FIRST_REPORT_ID + case_id,
                number=number,
                at=one["audited_at"],
                by_id=1,
                by="x",
                findings="异型细胞",
                diagnosis=text,
                comment="",
            )
        )


def _write_opinion(session: Any, case_id: int, one: dict[str, Any]) -> None:
    opinion = Opinion(
        version=1,
        case_id=case_id,
        kind=one["kind"],
        doctor_id=1,
        doctor=one["doctor"],
        created_at=one["created_at"],
        changed_at=one["created_at"],
        text_number=1,
        is_draft=one["is_draft"],
    )
    session.add(opinion)
    session.flush()
    session.add(
        OpinionVersion(
            opinion_id=opinion.id,
            number=1,
            at=one["created_at"],
            is_automatic=False,
            findings="",
            diagnosis=one["diagnosis"],
            comment="",
        )
    )


__all__ = ["BEGIN", "DAYS", "LibraryRow", "Record", "StatisticsHouse"]
