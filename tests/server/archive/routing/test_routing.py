"""The queue of routing on both databases, with a way out that fails as real ones do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import Dataset
from pydicom.filereader import read_dataset
from sqlalchemy import select, update

from server.archive.corrections.placement import CachedCoercion, CorrectionPlacement
from server.archive.routing import queue
from server.archive.routing.coercion import coercion_of
from server.archive.routing.jobs import Forwarding
from server.archive.routing.ports import Destination, Outcome, Outgoing, Unreachable
from server.archive.routing.service import RoutingService
from server.archive.routing.tables import Forward, RoutingTarget
from server.archive.tables import Study
from server.kernel.audit import AuditEntry
from server.kernel.database import Database, UnitOfWork
from server.kernel.errors import Refusal
from server.kernel.jobs import JobRunner
from server.kernel.jobs.tables import Job, JobState
from shared.contract.base import AuditClass
from shared.contract.routing import (
    Conditions,
    ForwardState,
    ForwardView,
    ListForwards,
    Moment,
    Operation,
    PreviewRule,
    SaveCoercion,
    SaveRule,
    SaveTarget,
    TagRule,
    TargetKind,
)
from shared.dicomkit.uids import new_uid
from tests.server.archive.archive_house import ZONE, House, a_series, eventually


class FakeWayOut:
    """Targets by AE title; remembers what arrived, how often."""

    def __init__(self) -> None:
        self.arrived: dict[str, list[str]] = {}
        self.data: dict[str, bytes] = {}
        self.down: set[str] = set()
        self.breaks_after: dict[str, int] = {}
        self.refuses: set[str] = set()
        self.keeps_not: set[str] = set()
        self.commits_later = False
        self.transactions: list[str] = []

    def send(self, to: Destination, objects: Sequence[Outgoing], told: Callable[[Sequence[Outcome]], bool]) -> None:
        if to.ae_title in self.down:
            raise Unreachable(f"{to.ae_title} does not answer")
        for item in objects:
            left = self.breaks_after.get(to.ae_title)
            if left is not None:
                if not left:
                    del self.breaks_after[to.ae_title]
                    raise Unreachable(f"{to.ae_title} broke off")
                self.breaks_after[to.ae_title] = left - 1
            if item.sop_instance_uid in self.refuses:
                outcome = Outcome(item.sop_instance_uid, False, "refused (A900)")
            else:
                with item.open() as data:
                    self.data[item.sop_instance_uid] = bytes(data)
                self.arrived.setdefault(to.ae_title, []).append(item.sop_instance_uid)
                outcome = Outcome(item.sop_instance_uid, True)
            if not told([outcome]):
                return

    def test(self, to: Destination) -> str:
        return "it is down" if to.ae_title in self.down else ""

    def commit(
        self, to: Destination, references: Sequence[tuple[str, str]], transaction_uid: str
    ) -> Collection[str] | None:
        self.transactions.append(transaction_uid)
        return None if self.commits_later else [uid for _, uid in references if uid in self.keeps_not]


class FakeReports:
    def __init__(self) -> None:
        self.done: set[int] = set()

    def approved(self, uow: UnitOfWork, exam_ids: Collection[int]) -> frozenset[int]:
        return frozenset(self.done & set(exam_ids))


class Post:
    """An archive that routes: `work` does what the jobs process would do until nothing is due."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.database = database
        self.house = House(folder, database, placement=CorrectionPlacement(CachedCoercion(coercion_of))).start()
        self.way = FakeWayOut()
        self.reports = FakeReports()
        ways = {TargetKind.DICOM: self.way, TargetKind.STOW: self.way}
        self.service = RoutingService(database, self.reports, ways, lambda _uow, title: title != "NOBODY", ZONE)
        self.audited: list[AuditEntry] = []
        self.forwarding = Forwarding(
            database, self.house.service.objects, self.service, lambda _uow, entry: self.audited.append(entry)
        )
        self.runner = JobRunner(database, self.forwarding.kinds())
        self.seen: dict[tuple[int, int], int] = {}

    def receive(self, datasets: Sequence[Dataset], calling_ae: str = "CT1") -> None:
        for dataset in datasets:
            self.house.send(dataset, calling_ae)
        uids = [str(dataset.SOPInstanceUID) for dataset in datasets]
        eventually(lambda: len(self.house.service.objects.objects(instance_uids=uids)) == len(uids))
        assert self.house.indexer.wait_until_idle()

    def target(self, title: str = "PACS", **given: object) -> int:
        with self.database.write() as uow:
            return self.service.save_target(
                uow, SaveTarget(**{"name": title, "kind": TargetKind.DICOM, "ae_title": title, **given})
            ).id

    def rule(self, target_id: int, conditions: Conditions = Conditions(quiet_s=0), **given: object) -> int:  # noqa: B008 - frozen
        with self.database.write() as uow:
            request = SaveRule(**{"name": "规则", "target_id": target_id, "conditions": conditions, **given})
            return self.service.save_rule(uow, request).id

    def look(self) -> int:
        return self.forwarding.look(self.seen, everything=True)

    def work(self) -> None:
        while self.runner.run_one(queue.SEND_JOB):
            pass

    def later(self) -> None:
        """The pauses are over."""
        now = datetime.now(UTC)
        with self.database.write() as uow:
            uow.session.execute(update(Job).where(Job.state == JobState.WAITING).values(not_before=now))
            uow.session.execute(update(RoutingTarget).values(next_try=None))
            uow.session.execute(update(Forward).where(Forward.state == ForwardState.WAITING).values(not_before=now))
        self.forwarding.redrive()

    def forwards(self) -> list[ForwardView]:
        with self.database.read() as uow:
            return list(self.service.list_forwards(uow, ListForwards()).rows)


@pytest.fixture
def post(database: Database, tmp_path: Path) -> Iterator[Post]:
    made = Post(tmp_path, database)
    yield made
    made.house.stop()


def a_study(slices: int = 3) -> list[Dataset]:
    return [deepcopy(one) for one in a_series(slices, study_uid=new_uid(), series_uid=new_uid())]


def uids(study: Sequence[Dataset]) -> list[str]:
    return [str(one.SOPInstanceUID) for one in study]


def test_a_quiet_study_is_sent_once_and_only_once(post: Post) -> None:
    post.rule(post.target())
    study = a_study()
    post.receive(study)
    assert post.look() == 1
    post.work()
    (forward,) = post.forwards()
    assert (forward.state, forward.sent, forward.total, forward.sentence) == (ForwardState.SENT, 3, 3, "")
    assert post.look() == 0
    post.work()
    assert post.way.arrived == {"PACS": uids(study)}
    (entry,) = post.audited
    assert (entry.station, entry.audit_class) == ("PACS", AuditClass.EXPORT)
    assert entry.subject == f"study {study[0].StudyInstanceUID}: 3 objects"


def test_images_that_come_later_are_sent_alone(post: Post) -> None:
    post.rule(post.target(), Conditions(moment=Moment.ARRIVED))
    study = a_study(5)
    post.receive(study[:2])
    post.look()
    post.work()
    post.receive(study[2:])
    post.look()
    post.work()
    assert post.way.arrived["PACS"] == uids(study)
    (forward,) = post.forwards()
    assert (forward.sent, forward.total) == (5, 5)


def test_a_dead_target_holds_up_nobody_and_gets_everything_later(post: Post) -> None:
    post.rule(post.target("DEAD"))
    post.rule(post.target("PACS"))
    post.way.down.add("DEAD")
    studies = [a_study(2), a_study(2)]
    for study in studies:
        post.receive(study)
    post.look()
    post.work()
    assert sorted(post.way.arrived["PACS"]) == sorted(uids(studies[0]) + uids(studies[1]))
    waiting = [one for one in post.forwards() if one.target_name == "DEAD"]
    assert {one.state for one in waiting} == {ForwardState.WAITING}
    assert "does not answer" in waiting[0].sentence and waiting[0].next_try is not None
    with post.database.read() as uow:
        target = next(one for one in post.service.list_targets(uow) if one.name == "DEAD")
    assert target.down_since is not None and target.waiting == 2
    post.way.down.clear()
    post.later()
    post.work()
    assert sorted(post.way.arrived["DEAD"]) == sorted(post.way.arrived["PACS"])
    with post.database.read() as uow:
        assert all(one.down_since is None for one in post.service.list_targets(uow))


def test_a_line_that_breaks_goes_on_where_it_broke(post: Post) -> None:
    post.rule(post.target())
    study = a_study(8)
    post.receive(study)
    post.way.breaks_after["PACS"] = 5
    post.look()
    post.work()
    (forward,) = post.forwards()
    assert (forward.state, forward.sent) == (ForwardState.WAITING, 5)
    post.later()
    post.work()
    assert post.way.arrived["PACS"] == uids(study)


def test_a_refused_object_is_tried_again_and_then_shown_as_failed(post: Post) -> None:
    post.rule(post.target())
    study = a_study(3)
    post.receive(study)
    post.way.refuses.add(uids(study)[1])
    post.look()
    for _ in range(queue.MAX_ATTEMPTS):
        post.work()
        post.later()
    (forward,) = post.forwards()
    assert (forward.state, forward.sent, forward.total) == (ForwardState.FAILED, 2, 3)
    assert "refused (A900)" in forward.sentence
    assert post.way.arrived["PACS"] == [uids(study)[0], uids(study)[2]]
    post.way.refuses.clear()
    with post.database.write() as uow:
        post.service.resend(uow, forward.id, everything=False)
    post.work()
    assert post.forwards()[0].state is ForwardState.SENT
    assert sorted(post.way.arrived["PACS"]) == sorted(uids(study))


def test_what_a_target_sent_itself_never_goes_back(post: Post) -> None:
    post.rule(post.target("CT1"))
    own, foreign = a_study(2), a_study(2)
    for one in foreign[1:]:
        one.SeriesInstanceUID = new_uid()
    post.receive(own, "CT1")
    post.receive(foreign[:1], "CT1")
    post.receive(foreign[1:], "MR1")
    assert post.look() == 1
    post.work()
    assert post.way.arrived == {"CT1": uids(foreign[1:])}
    assert post.look() == 0


def test_a_killed_jobs_process_leaves_nothing_behind(post: Post) -> None:
    post.rule(post.target())
    study = a_study(4)
    post.receive(study)
    post.look()
    with post.database.write() as uow:  # as a process left it that died while sending
        job = uow.session.execute(select(Job).where(Job.kind == queue.SEND_JOB)).scalar_one()
        job.state = JobState.RUNNING
        forward = uow.session.execute(select(Forward)).scalar_one()
        forward.state, forward.job_id = ForwardState.SENDING, job.id
        queue.note_sent(uow, forward.id, uids(study)[:2])
    assert JobRunner(post.database, post.forwarding.kinds()).take_over_all() == 1
    post.work()
    assert post.way.arrived["PACS"] == uids(study)[2:]
    assert post.forwards()[0].state is ForwardState.SENT


def test_urgent_studies_overtake(post: Post) -> None:
    target = post.target()
    post.rule(target)
    first, second = a_study(1), a_study(1)
    post.receive(first)
    post.receive(second)
    post.look()
    with post.database.write() as uow:
        post.service.send_study(uow, str(second[0].StudyInstanceUID), target)
    post.work()
    assert post.way.arrived["PACS"] == uids(second) + uids(first)


def test_a_cancelled_study_is_not_sent_nor_queued_again(post: Post) -> None:
    post.rule(post.target(), Conditions(moment=Moment.ARRIVED))
    study = a_study(4)
    post.receive(study[:2])
    post.look()
    with post.database.write() as uow:
        post.service.cancel(uow, post.forwards()[0].id)
    post.receive(study[2:])
    post.look()
    post.work()
    assert post.way.arrived == {}


def test_everything_can_be_sent_again(post: Post) -> None:
    post.rule(post.target())
    study = a_study(2)
    post.receive(study)
    post.look()
    post.work()
    with post.database.write() as uow:
        post.service.resend(uow, post.forwards()[0].id, everything=True)
    post.work()
    assert post.way.arrived["PACS"] == uids(study) * 2


def test_attributes_are_changed_on_the_way_out_only(post: Post) -> None:
    changes = (
        TagRule(operation=Operation.PREFIX, keyword="PatientID", value="EAST-"),
        TagRule(operation=Operation.REMOVE, keyword="ReferringPhysicianName"),
    )
    post.rule(post.target(), changes=changes)
    study = a_study(1)
    study[0].PatientID = "P1"
    study[0].ReferringPhysicianName = "Dr^X"
    post.receive(study)
    post.look()
    post.work()
    sent = read_dataset(BytesIO(post.way.data[uids(study)[0]]), False, True)
    assert sent.PatientID == "EAST-P1" and "ReferringPhysicianName" not in sent
    assert sent.OriginalAttributesSequence[0].ReasonForTheAttributeModification == "COERCE"
    assert b"EAST-" not in bytes(post.house.service.objects.part10(uids(study)[0]))


def test_attributes_are_changed_on_the_way_in_for_index_and_retrieval(post: Post) -> None:
    with post.database.write() as uow:
        change = TagRule(operation=Operation.PREFIX, keyword="PatientID", value="W-")
        post.service.save_coercion(uow, SaveCoercion(name="西院", sender_aes=("WEST*",), changes=(change,)))
    west, east = a_study(1), a_study(1)
    for one in (*west, *east):
        one.PatientID = "P1"
    post.receive(west, "WEST1")
    post.receive(east, "EAST1")
    with post.database.read() as uow:
        found = {one.uid: one.patient_id for one in uow.session.execute(select(Study)).scalars()}
    assert found == {str(west[0].StudyInstanceUID): "W-P1", str(east[0].StudyInstanceUID): "P1"}
    objects = post.house.service.objects
    assert b"W-P1" in bytes(objects.part10(uids(west)[0]))
    assert b"W-P1" not in objects.original_header(uids(west)[0])


def test_reports_and_exams_open_the_way(post: Post) -> None:
    post.rule(post.target("DONE"), Conditions(moment=Moment.REPORTED))
    post.rule(post.target("MATCHED"), Conditions(moment=Moment.MATCHED))
    post.house.exams.by_accession["A1"] = 5
    study = a_study(1)
    study[0].AccessionNumber = "A1"
    post.receive(study)
    post.receive(a_study(1))
    eventually(lambda: post.look() == 1)
    post.work()
    assert post.way.arrived == {"MATCHED": uids(study)}
    post.reports.done.add(5)
    assert post.look() == 1
    post.work()
    assert post.way.arrived["DONE"] == uids(study)


def test_storage_commitment_decides_what_is_sent_again(post: Post) -> None:
    post.rule(post.target(commitment=True))
    study = a_study(3)
    post.receive(study)
    post.way.keeps_not.add(uids(study)[2])
    post.look()
    post.work()
    (forward,) = post.forwards()
    assert (forward.state, forward.sent) == (ForwardState.WAITING, 2)
    post.way.keeps_not.clear()
    post.later()
    post.work()
    assert post.forwards()[0].state is ForwardState.SENT
    assert post.way.arrived["PACS"] == [*uids(study), uids(study)[2]]


def test_a_commitment_may_be_reported_later(post: Post) -> None:
    post.rule(post.target(commitment=True))
    study = a_study(2)
    post.receive(study)
    post.way.commits_later = True
    post.look()
    post.work()
    assert post.forwards()[0].state is ForwardState.VERIFYING
    (transaction,) = post.way.transactions
    with post.database.write() as uow:
        assert not post.service.commitment_reported(uow, "1.2.3", [])
        assert post.service.commitment_reported(uow, transaction, [])
    assert post.forwards()[0].state is ForwardState.SENT


def test_several_slots_share_the_work_of_a_target(post: Post) -> None:
    post.rule(post.target(concurrency=3))
    studies = [a_study(2) for _ in range(5)]
    for study in studies:
        post.receive(study)
    post.look()
    with post.database.read() as uow:
        assert len(uow.session.execute(select(Job).where(Job.kind == queue.SEND_JOB)).all()) == 3
    threads = [threading.Thread(target=post.work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    post.work()
    assert sorted(post.way.arrived["PACS"]) == sorted(uid for study in studies for uid in uids(study))


def test_a_preview_says_why_not(post: Post) -> None:
    target = post.target("CT1")
    mine, other = a_study(1), a_study(1)
    post.receive(mine, "CT1")
    post.receive(other, "MR1")
    with post.database.read() as uow:
        rows = post.service.preview(uow, PreviewRule(conditions=Conditions(quiet_s=0), target_id=target))
        far = post.service.preview(uow, PreviewRule(conditions=Conditions(modalities=("US",))))
    assert {(one.study.study_uid, one.applies) for one in rows} == {
        (str(mine[0].StudyInstanceUID), False),
        (str(other[0].StudyInstanceUID), True),
    }
    assert {one.sentence for one in far} == {"设备类型不符。"}


@pytest.mark.parametrize(
    "given",
    [
        {"ae_title": "NOBODY"},
        {"ae_title": "A" * 17},
        {"concurrency": 9},
        {"kind": TargetKind.STOW, "url": "ftp://host/studies"},
        {"kind": TargetKind.STOW, "url": "http://user:secret@host/studies"},
        {"kind": TargetKind.STOW, "url": "http://host/studies", "token_file": "../curve-key"},
        {"name": " "},
    ],
)
def test_wrong_targets_are_refused(post: Post, given: dict[str, object]) -> None:
    with pytest.raises(Refusal):
        post.target(**{"title": "T", **given} if "title" in given else given)


def test_a_target_in_use_stays_and_an_old_version_is_not_written(post: Post) -> None:
    target = post.target()
    rule = post.rule(target)
    with pytest.raises(Refusal, match="规则"), post.database.write() as uow:
        post.service.remove_target(uow, target)
    with pytest.raises(Refusal), post.database.write() as uow:
        post.service.save_target(
            uow, SaveTarget(id=target, version=7, name="X", kind=TargetKind.DICOM, ae_title="PACS")
        )
    with post.database.write() as uow:
        post.service.remove_rule(uow, rule)
        post.service.remove_target(uow, target)
    with post.database.read() as uow:
        assert post.service.list_targets(uow) == ()


def test_a_study_that_left_the_archive_is_cancelled(post: Post) -> None:
    target = post.target()
    study = a_study(1)
    post.receive(study)
    with post.database.write() as uow:
        post.service.send_study(uow, str(study[0].StudyInstanceUID), target)
        uow.session.execute(update(Forward).values(study_uid="1.2.3"))
    post.work()
    assert post.forwards()[0].state is ForwardState.CANCELLED


def test_windows_are_kept(post: Post) -> None:
    tomorrow = (datetime.now(ZONE) + timedelta(days=1)).weekday()
    post.rule(post.target(), Conditions(quiet_s=0, weekdays=(tomorrow,)))
    post.receive(a_study(1))
    assert post.look() == 0
