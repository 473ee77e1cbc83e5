"""The area of results over a reporting area with fake neighbours; snapshots of reports for its documents."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import update

from server.kernel.database import Database, UnitOfWork
from server.kernel.jobs import JobRunner
from server.kernel.jobs.tables import Job
from server.results.making import ResultMaker
from server.results.ports import Connection, Letter, NotYet, Sent, StudyOfReport
from server.results.service import ResultService
from server.results.snapshot import Snapshot
from shared.contract.interfaces import MessageState
from shared.contract.reporting import KeyImageView, MeasurementView, ReportContent, ReportView
from shared.contract.results import ResultEvent
from shared.dicomkit.headers import InstanceReference, PatientFacts, StudyFacts
from shared.domain.states import CriticalValue, ReportState
from shared.domain.structured import Code, CodedValue, FieldKind, Part
from tests.server.reporting.reporting_world import FULL, LI, ZHAO, World

CT = "1.2.840.10008.5.1.4.1.1.2"
STUDY = "1.2.3.1"
IMAGES = tuple(InstanceReference(STUDY, f"{STUDY}.1", CT, f"{STUDY}.1.{number}") for number in range(1, 4))
AT = dt.datetime(2026, 3, 2, 5, 0, tzinfo=dt.UTC)
SHANGHAI = dt.timezone(dt.timedelta(hours=8))
CODED = (
    CodedValue(
        path="nodule.1.kind",
        section="肺结节",
        part=Part.FINDINGS,
        kind=FieldKind.CHOICE,
        label="性质",
        name=Code("RADLEX", "RID50149", "Pulmonary nodule"),
        text="磨玻璃",
        codes=(Code("99MJ", "ground_glass_opacity_of_lung", "磨玻璃"),),
        group="结节",
        item=1,
    ),
    CodedValue(
        path="nodule.1.size",
        section="肺结节",
        part=Part.FINDINGS,
        kind=FieldKind.MEASUREMENT,
        label="长径",
        name=Code("SCT", "103339001", "Long axis"),
        text="12.5 mm",
        number=12.5,
        unit="mm",
        group="结节",
        item=1,
        instance_uid=IMAGES[0].sop_uid,
        frame=1,
    ),
    CodedValue(
        path="rads",
        section="结论",
        part=Part.IMPRESSION,
        kind=FieldKind.TEXT,
        label="分类说明",
        name=Code("99MJ", "note", "分类说明"),
        text="随访 <3 个月> & 复查",
    ),
)


def a_view(world: World, **changes: Any) -> ReportView:
    """An approved report as reading gives it."""
    report_id = world.report_in(ReportState.APPROVED)
    with world.database.read() as uow:
        return msgspec.structs.replace(world.reports.get(uow, LI, report_id), **changes)


def full_snapshot(world: World, event: ResultEvent = ResultEvent.APPROVED, **changes: Any) -> Snapshot:
    """Everything a report can hold."""
    key = KeyImageView(
        id=1,
        study_uid=STUDY,
        series_uid=f"{STUDY}.1",
        instance_uid=IMAGES[1].sop_uid,
        frame=1,
        caption="右肺上叶结节",
        document_id=1,
    )
    measured = MeasurementView(id=1, instance_uid=IMAGES[0].sop_uid, frame=1, label="结节长径", value=12.5, unit="mm")
    other = MeasurementView(id=2, instance_uid=IMAGES[2].sop_uid, frame=1, label="CT 值", value=-33.0, unit="HU")
    content = ReportContent(
        findings="<p>右肺上叶见<b>结节</b>，|约^12~mm\\ & 5&lt;6。</p><p>余肺清晰。</p>",
        impression="<p>右肺上叶结节，建议复查。</p>",
        critical_value=CriticalValue.YES,
    )
    view = a_view(world, content=content, key_images=(key,), measurements=(measured, other))
    values: dict[str, Any] = {"coded": CODED, "addenda": ("对照旧片，无变化。",), "reason": "侧别写错"} | changes
    return Snapshot(event=event, edition=1, view=view, hospital="明镜示范医院", **values)


class FakePost:
    """Connections and a queue in memory; `sent` in order."""

    def __init__(self) -> None:
        self.known = {
            1: Connection(1, "HIS", False, "GBK", "2.5.1", "MINGJING", "MJ", "HIS", "东区医院", "", ""),
            2: Connection(2, "EMR", True, "", "", "MINGJING", "", "", "", "urn:order", "urn:card"),
        }
        self.letters: list[tuple[Letter, bytes]] = []
        self.state: dict[int, Sent] = {}

    def connections(self, uow: UnitOfWork) -> Mapping[int, Connection]:
        return self.known

    def put(self, uow: UnitOfWork, letter: Letter) -> int:
        self.letters.append((letter, letter.write(f"MJ{len(self.letters) + 1}")))
        number = len(self.letters)
        self.state[number] = Sent(MessageState.WAITING, 0, "", "", None)
        return number

    def states(self, uow: UnitOfWork, message_ids: Collection[int]) -> Mapping[int, Sent]:
        return {number: self.state[number] for number in message_ids if number in self.state}

    def resend(self, uow: UnitOfWork, message_id: int) -> None:
        self.state[message_id] = Sent(MessageState.WAITING, 0, "", "", None)

    def give_up(self, uow: UnitOfWork, message_id: int) -> None:
        self.state[message_id] = Sent(MessageState.CANCELLED, 0, "", "", None)


class FakeArchive:
    """An archive that indexes at once, unless it is full or slow."""

    def __init__(self) -> None:
        self.stored: list[Any] = []
        self.is_full = False

    def study(self, view: ReportView) -> StudyOfReport:
        facts = StudyFacts(STUDY, view.row.accession_number, "1", None, "胸部平扫", "Chen=陈")
        fixed = {"StudyDate": "20260302", "StudyTime": "120000", "PatientBirthDate": "19800506"}
        return StudyOfReport(facts, PatientFacts("P000001", "Zhang^San=张^三", sex="M"), fixed, IMAGES)

    def store(self, made: Any) -> None:
        if self.is_full:
            raise NotYet("存档没有接收：磁盘已满")
        if made.SOPInstanceUID not in {one.SOPInstanceUID for one in self.stored}:
            self.stored.append(made)

    def holds(self, sop_uids: Sequence[str]) -> bool:
        return set(sop_uids) <= {str(one.SOPInstanceUID) for one in self.stored}


class FakePaper:
    """Prints something that begins as a PDF does."""

    def __init__(self) -> None:
        self.is_ready = True

    def pdf(self, view: ReportView, edition: int, language: str = "zh") -> bytes:
        if not self.is_ready:
            raise NotYet("签名报告正在生成。")
        return b"%PDF-1.7\n%" + str(edition).encode() + b"\n%%EOF\n"


class FakeDocuments:
    """Documents by id."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []

    def keep(self, uow: UnitOfWork, *, kind: str, media_type: str, data: bytes, subject_id: int = 0) -> int:
        self.kept.append(data)
        return len(self.kept)


class ResultsWorld:
    """Reports, results and the jobs that make them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.reporting = World(database)
        self.post, self.archive = FakePost(), FakeArchive()
        self.paper, self.documents = FakePaper(), FakeDocuments()
        self.results = ResultService(self.reporting.reports, FakeHospital(), self.post, self.reporting.time)
        self.reporting.reports.follow(self.results.report_stepped)
        self.maker = ResultMaker(database, self.archive, self.paper, self.post, self.documents, self.reporting.time)
        self.runner = JobRunner(database, self.maker.kinds())

    def approved(self) -> int:
        """Return a report that was just approved."""
        return self.reporting.report_in(ReportState.APPROVED)

    def revised(self, report_id: int, reason: str = "侧别写错") -> None:
        """Withdraw a report."""
        with self.database.write() as uow:
            version = self.reporting.reports.get(uow, ZHAO, report_id).version
            self.reporting.reports.revise(uow, ZHAO, report_id, version, reason)

    def approved_again(self, report_id: int) -> None:
        """Write, submit and approve a withdrawn report."""
        reports = self.reporting.reports
        with self.database.write() as uow:
            version = reports.write(uow, LI, report_id).version
            reports.submit(uow, LI, report_id, version, FULL, "测试")
            version = reports.audit(uow, ZHAO, report_id).version
            reports.approve(uow, ZHAO, report_id, version, FULL)

    def added(self, report_id: int, text: str = "对照旧片，无变化。") -> None:
        """Sign an addendum."""
        with self.database.write() as uow:
            version = self.reporting.reports.get(uow, ZHAO, report_id).version
            self.reporting.reports.add(uow, ZHAO, report_id, version, text)

    def later(self) -> None:
        """Let jobs that wait for a later time be due now."""
        with self.database.write() as uow:
            uow.session.execute(update(Job).values(not_before=dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)))

    def work(self, most: int = 20) -> int:
        """Do the jobs that are due; returns how many."""
        return next(count for count in range(most + 1) if not self.runner.run_one() or count == most)

    def rows(self, report_id: int) -> tuple[Any, ...]:
        """Results of a report, in the order in which they were noted."""
        with self.database.read() as uow:
            return tuple(sorted(self.results.of_report(uow, report_id), key=lambda row: row.id))


class FakeHospital:
    """Master data: only the name counts."""

    def hospital(self, uow: UnitOfWork) -> Any:
        from shared.contract.organisation import HospitalView

        class Data:
            view = HospitalView(
                version=1,
                name="明镜示范医院",
                name_en="Mingjing",
                campuses=(),
                rooms=(),
                devices=(),
                exam_types=(),
                exam_items=(),
            )

        return Data()


def scratch(folder: Path, made: Any) -> Path:
    """Write an object to look at with outside tools."""
    path = folder / f"{made.SOPInstanceUID}.dcm"
    made.save_as(path, enforce_file_format=True)
    return path
