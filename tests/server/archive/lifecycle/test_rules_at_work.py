"""Rules, recall, pre-fetch and fill as jobs on both databases; stores and rules as an administrator changes them."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from server.archive.lifecycle.jobs import ComingExam
from server.archive.lifecycle.registry import StoreRegistry
from server.archive.lifecycle.use import RECALL
from server.kernel.errors import Refusal
from server.kernel.jobs import JobFailed, JobRetry
from server.kernel.storage.definition import StoreDefinition, WrongDefinition, definitions
from server.kernel.storage.medium import MediumAbsent
from server.kernel.storage.port import StorageFull
from server.kernel.storage.tiers import Role
from shared.contract.base import Page
from shared.contract.errors import ErrorCode
from shared.contract.storage import PrefetchEntry, RuleEntry, SaveStore
from tests.fakes.s3_server import SECRET_KEY, s3_settings
from tests.server.archive.archive_house import House
from tests.server.archive.lifecycle.lifecycle_house import Lifecycle


def refused(code: ErrorCode, field: str = "") -> Any:
    return pytest.raises(Refusal, check=lambda refusal: refusal.body.code is code and refusal.body.field == field)


# rules


def test_rules_move_what_is_old_and_unused_and_leave_the_rest(cycle: Lifecycle) -> None:
    old, young = cycle.a_study(2), cycle.a_study(2, days_old=5)
    used, mr = cycle.a_study(2), cycle.a_study(2, Modality="MR")
    ancient = cycle.a_study(2, days_old=4000)
    cycle.set(used, last_used_at=datetime.now(UTC) - timedelta(days=1))
    cycle.rule(modalities=("CT",))
    cycle.rule(name="off", after_days=3650, keep_in=("disk-a", "disk-b"))
    entry = RuleEntry(name="off", after_days=3650, unused_days=10, keep_in=("disk-a", "disk-b"))
    with cycle.database.read() as uow:
        preview = cycle.setup.preview(uow, entry)
    assert preview.studies == 1
    assert preview.bytes_to_copy == 2 * preview.bytes_to_free_online > 0
    assert cycle.apply().startswith("迁移 2 个检查。")
    where = {uid: cycle.study(uid).availability for uid in (old, young, used, mr, ancient)}
    assert list(where.values()) == ["NEARLINE", "ONLINE", "ONLINE", "ONLINE", "OFFLINE"]
    assert set(cycle.states(ancient)) == {"disk-a", "disk-b", "online"}
    assert cycle.apply().startswith("迁移 0 个检查。"), "what lies right is not touched again"
    with cycle.database.read() as uow:
        assert cycle.setup.preview(uow, entry).studies == 0
        assert cycle.copies.moved(uow, "near", False, Page()).rows[0].study_uid == old
        assert cycle.copies.moved(uow, "", False, Page()).total == 2
    cycle.set(old, changed_at=datetime.now(UTC) - timedelta(days=4000))
    assert cycle.apply().startswith("迁移 1 个检查。")
    assert set(cycle.states(old)) == {"disk-a", "disk-b", "online"}, "from near-line to off-line"
    assert cycle.check().total_findings == 0


def test_a_rule_of_a_campus_concerns_its_devices(cycle: Lifecycle) -> None:
    with cycle.database.read() as uow:
        view = cycle.organisation.hospital(uow).view
    device = view.devices[0]
    room = next(room for room in view.rooms if room.id == device.room_id)
    ours, other = cycle.a_study(1), cycle.a_study(1)
    cycle.set(ours, calling_ae=device.ae_title)
    cycle.set(other, calling_ae="ELSEWHERE")
    cycle.rule(campus_id=room.campus_id)
    cycle.apply()
    assert [cycle.study(uid).availability for uid in (ours, other)] == ["NEARLINE", "ONLINE"]


def test_a_mirror_rule_keeps_the_online_bytes(cycle: Lifecycle) -> None:
    uid = cycle.a_study(1)
    cycle.rule(keep_in=("online", "near"))
    cycle.apply()
    assert cycle.study(uid).availability == "ONLINE"
    assert cycle.held("near") == cycle.held("online") == set(cycle.keys(uid))
    assert cycle.apply().startswith("迁移 0 个检查。")


def test_rules_wait_for_a_medium_and_say_which(cycle: Lifecycle, tmp_path: Path) -> None:
    uid = cycle.a_study(1)
    cycle.rule(keep_in=("disk-a",))
    (tmp_path / "disk-a").rename(tmp_path / "cupboard")
    assert "“DISK-A” is not inserted" in cycle.apply()
    assert cycle.states(uid) == {}
    (tmp_path / "cupboard").rename(tmp_path / "disk-a")
    assert cycle.apply().startswith("迁移 1 个检查。")


def test_a_study_that_fails_is_left_alone_for_a_while_and_holds_up_nobody(cycle: Lifecycle) -> None:
    bad, good = cycle.a_study(1), cycle.a_study(1)
    cycle.online.path_of(cycle.keys(bad)[0]).write_bytes(b"rot")
    cycle.rule()
    said = cycle.apply()
    assert said.startswith("迁移 1 个检查，1 个未完成；")
    assert "damaged" in said
    assert cycle.study(good).availability == "NEARLINE"
    assert cycle.apply().startswith("迁移 0 个检查。")
    with cycle.database.read() as uow:
        assert [row.study_uid for row in cycle.copies.moved(uow, "", True, Page()).rows] == [bad]


# use and recall


def test_reading_a_near_line_study_brings_it_back_once(cycle: Lifecycle) -> None:
    uid = cycle.a_study(2)
    cycle.mover.settle(uid, {"near"})
    before = cycle.read_all(uid)
    cycle.read_all(uid)
    assert cycle.work_off(RECALL) == 1
    study = cycle.study(uid)
    assert study.availability == "ONLINE"
    assert datetime.now(UTC) - study.last_used_at < timedelta(minutes=1)
    assert cycle.read_all(uid) == before
    cycle.rule()
    assert cycle.apply().startswith("迁移 0 个检查。"), "it was just used"


def test_moves_recalls_and_proofs_are_jobs(cycle: Lifecycle) -> None:
    uid = cycle.a_study(2)
    with cycle.database.write() as uow:
        assert cycle.copies.recall(uow, uid, "admin").job_id == 0
        assert cycle.copies.move(uow, uid, ["near", "disk-a"], "admin").job_id > 0
        with refused(ErrorCode.INVALID, "keep_in"):
            cycle.copies.move(uow, uid, ["nowhere"], "admin")
        with refused(ErrorCode.INVALID, "keep_in"):
            cycle.copies.move(uow, uid, [], "admin")
        with refused(ErrorCode.NOT_FOUND):
            cycle.copies.move(uow, "1.2.3", ["near"], "admin")
    assert cycle.work_off("storage.move") == 1
    assert cycle.study(uid).availability == "NEARLINE"
    with cycle.database.write() as uow:
        assert cycle.copies.verify(uow, uid, "admin").job_id > 0
        assert cycle.copies.recall(uow, uid, "admin").job_id > 0
    assert cycle.work_off("storage.verify") == cycle.work_off(RECALL) == 1
    assert cycle.study(uid).availability == "ONLINE"
    with pytest.raises(JobFailed, match="已不在归档中"):
        cycle.jobs.recall(cycle.context(study_uid="1.2.3"))
    cycle.online.path_of(cycle.keys(uid)[0]).write_bytes(b"rot")
    for name in ("near", "disk-a"):
        cycle.place(name, cycle.keys(uid)[0]).write_bytes(b"rot")
    with pytest.raises(JobRetry, match="damaged"):
        cycle.jobs.verify(cycle.context(study_uid=uid))


def test_keeping_is_told_of_good_copies_only(cycle: Lifecycle) -> None:
    uid = cycle.a_study(2)
    pk = cycle.study(uid).id
    cycle.mover.settle(uid, {"online", "near", "disk-a"})
    with cycle.database.write() as uow:
        assert cycle.copies.verified(uow, pk) == 2
        assert [copy.store for copy in cycle.copies.copies_of(uow, uid)] == ["online", "disk-a", "near"]
        cycle.copies.forget(uow, pk)
        assert cycle.copies.verified(uow, pk) == 0
        assert cycle.copies.verified(uow, 999_999) == 0
        assert cycle.copies.verified_copies(uow, "1.2.3") == ()


# pre-fetch


def test_priors_of_tomorrows_patients_come_on_line(cycle: Lifecycle) -> None:
    prior, other = (cycle.a_study(1, PatientID=patient) for patient in ("P7", "P8"))
    cycle.mover.settle(prior, {"near"})
    cycle.mover.settle(other, {"near"})
    cycle.coming = [ComingExam("P7", "CT", ("胸部",)), ComingExam("", "CT", ())]
    assert cycle.jobs.prefetch(cycle.context()) == "没有预取规则。"
    with cycle.database.write() as uow:
        kept = cycle.setup.save_prefetch(uow, PrefetchEntry(exam_type="CT", modalities=("CT",)), None, 0)
    cycle.jobs.prefetch(cycle.context())
    assert cycle.jobs.prefetch(cycle.context()) == "预取 1 个既往检查。"
    assert cycle.work_off(RECALL) == 1, "asked for twice, queued once"
    assert [cycle.study(uid).availability for uid in (prior, other)] == ["ONLINE", "NEARLINE"]
    with cycle.database.write() as uow:
        with refused(ErrorCode.INVALID, "entry.newest"):
            cycle.setup.save_prefetch(uow, PrefetchEntry(newest=0), None, 0)
        with refused(ErrorCode.CONFLICT):
            cycle.setup.save_prefetch(uow, kept.entry, kept.id, 7)
        assert cycle.setup.save_prefetch(uow, PrefetchEntry(newest=5), kept.id, kept.version).version == 2
        assert [view.entry.newest for view in cycle.setup.list_prefetch(uow)] == [5]
        cycle.setup.remove_prefetch(uow, kept.id)
        with refused(ErrorCode.NOT_FOUND):
            cycle.setup.remove_prefetch(uow, kept.id)


# fill


def test_fill_is_measured_and_prolonged(cycle: Lifecycle) -> None:
    uid = cycle.a_study(2)
    cycle.mover.settle(uid, {"near", "online"})
    today = datetime.now(UTC).date()
    for back in (2, 1, 0):
        cycle.fills.take_samples(today - timedelta(days=back))
        cycle.set(uid, bytes_stored=cycle.study(uid).bytes_stored + (100 << 30))
    with cycle.database.read() as uow:
        online, *others = cycle.fills.views(uow.session)
        assert len(cycle.fills.history(uow.session, "online")) == 3
    assert online.name == "online"
    assert online.growth_bytes_per_day == 100 << 30
    assert online.days_until_full == 5
    assert "约 5 天" in online.warning
    near = next(view for view in others if view.name == "near")
    assert (near.studies, near.state, near.kind) == (1, "ready", "folder")
    assert near.bytes_stored == cycle.rows(uid)["near"].bytes_stored
    assert cycle.jobs.fill(cycle.context()).endswith("4 个存储的用量。")


# stores


def test_an_s3_store_is_tried_before_it_is_kept_and_its_secret_lies_in_no_row(cycle: Lifecycle) -> None:
    of = s3_settings()
    request = SaveStore(
        name="cloud",
        kind="s3",
        role="archive",
        label="对象存储",
        endpoint=of.endpoint,
        bucket=of.bucket,
        prefix=of.prefix,
        access_key=of.access_key,
        secret_key="wrong",
    )
    with refused(ErrorCode.INVALID, "endpoint"):
        cycle.setup.save_store(request)
    assert cycle.registry.get("cloud") is None
    view = cycle.setup.save_store(_changed(request, secret_key=SECRET_KEY))
    assert (view.state, view.label, view.is_from_settings) == ("ready", "对象存储", False)
    with cycle.database.read() as uow:
        assert SECRET_KEY not in str(uow.session.execute(text("select * from stores")).all())
    assert cycle.setup.save_store(_changed(request, secret_key="", label="新名")).state == "ready", "the secret stays"
    uid = cycle.a_study(1)
    cycle.mover.settle(uid, {"cloud"})
    assert len(cycle.read_all(uid)) == 1
    with refused(ErrorCode.ILLEGAL_ACTION):
        cycle.setup.save_store(_changed(request, secret_key=SECRET_KEY, prefix="elsewhere"))
    with cycle.database.write() as uow, refused(ErrorCode.ILLEGAL_ACTION):
        cycle.setup.remove_store(uow, "cloud")
    cycle.mover.settle(uid, {"online"})
    rule = cycle.rule(keep_in=("cloud",))
    with cycle.database.write() as uow, refused(ErrorCode.ILLEGAL_ACTION):
        cycle.setup.remove_store(uow, "cloud")
    with cycle.database.write() as uow:
        cycle.setup.remove_rule(uow, rule)
        cycle.setup.remove_store(uow, "cloud")
    assert not cycle.registry.secret_file("cloud").exists()
    assert cycle.registry.get("cloud") is None


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("name", {"name": "Bad Name"}),
        ("name", {"name": "../etc"}),
        ("role", {"role": "online"}),
        ("role", {"role": "sideways"}),
        ("kind", {"kind": "tape"}),
        ("path", {"path": "relative/path"}),
        ("path", {"path": "/no/such/folder"}),
        ("endpoint", {"kind": "s3", "endpoint": "ftp://x", "bucket": "images"}),
        ("endpoint", {"kind": "s3", "endpoint": "https://key:secret@x", "bucket": "images"}),
        ("bucket", {"kind": "s3", "endpoint": "https://x", "bucket": "A"}),
        ("prefix", {"kind": "s3", "endpoint": "https://x", "bucket": "images", "prefix": "../up"}),
        ("ca_file", {"kind": "s3", "endpoint": "https://x", "bucket": "images", "ca_file": "/no/such/ca"}),
        ("secret_key", {"kind": "s3", "endpoint": "https://x", "bucket": "images"}),
        ("capacity_gb", {"capacity_gb": -1}),
        ("label", {"label": "x" * 1000}),
    ],
)
def test_wrong_stores_are_refused_by_field(small_cycle: Lifecycle, field: str, values: dict[str, Any]) -> None:
    (small_cycle.folder / "new").mkdir()
    given = {"name": "new", "kind": "folder", "role": "nearline", "path": str(small_cycle.folder / "new"), **values}
    with refused(ErrorCode.INVALID, field):
        small_cycle.setup.save_store(SaveStore(**given))


def test_two_stores_never_share_a_place(small_cycle: Lifecycle) -> None:
    near = str(small_cycle.folder / "near")
    link = small_cycle.folder / "link"
    if os.name == "nt":  # links need a privilege there
        link = small_cycle.folder / "disk-a" / ".." / "near"
    else:
        link.symlink_to(near)
    for path in (near, near + "/", str(link)):
        with refused(ErrorCode.INVALID, "path"):
            small_cycle.setup.save_store(SaveStore(name="twin", kind="folder", role="archive", path=path))
    with pytest.raises(WrongDefinition, match="two copies there would be one"):
        definitions([{"name": name, "kind": "folder", "role": "nearline", "path": near} for name in ("a", "b")])
    other = StoreDefinition("other", "folder", Role.NEARLINE, path=str(link))
    registry = StoreRegistry(small_cycle.database, [other], small_cycle.folder, look_again_s=0)
    registry.adopt()
    with pytest.raises(MediumAbsent):
        next(store for store in registry.stores() if store.name == "other").storage.exists("a" * 64)


def test_a_store_takes_no_more_than_it_may(house: House, tmp_path: Path) -> None:
    (tmp_path / "small").mkdir()
    small = StoreDefinition("small", "folder", Role.NEARLINE, path=str(tmp_path / "small"), capacity_gb=1)
    cycle = Lifecycle(house, tmp_path, small)
    first, second = cycle.a_study(1), cycle.a_study(1)
    cycle.mover.settle(first, {"small"})
    with cycle.database.write() as uow:
        uow.session.execute(text("update study_copies set bytes_stored = 1073741824 where store = 'small'"))
    with pytest.raises(StorageFull, match="1 GB that it may use"):
        cycle.mover.settle(second, {"small"})
    assert cycle.states(second) == {}
    assert cycle.study(second).availability == "ONLINE"


def test_stores_of_the_settings_file_are_not_changed_on_screen(small_cycle: Lifecycle) -> None:
    with refused(ErrorCode.ILLEGAL_ACTION):
        small_cycle.setup.save_store(SaveStore(name="near", kind="folder", role="nearline", path="/srv"))
    with small_cycle.database.write() as uow:
        for name, code in (("near", ErrorCode.ILLEGAL_ACTION), ("none", ErrorCode.NOT_FOUND)):
            with refused(code):
                small_cycle.setup.remove_store(uow, name)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("entry.name", {"name": " "}),
        ("entry.after_days", {"after_days": -1}),
        ("entry.unused_days", {"unused_days": 99_999}),
        ("entry.keep_in", {"keep_in": ()}),
        ("entry.keep_in", {"keep_in": ("nowhere",)}),
        ("entry", {"calling_aes": ("A",) * 501}),
    ],
)
def test_wrong_rules_are_refused_by_field(small_cycle: Lifecycle, field: str, values: dict[str, Any]) -> None:
    with small_cycle.database.write() as uow, refused(ErrorCode.INVALID, field):
        small_cycle.setup.save_rule(uow, RuleEntry(**{"name": "r", "keep_in": ("near",), **values}), None, 0)


def test_rules_are_changed_and_removed_by_version(small_cycle: Lifecycle) -> None:
    rule = small_cycle.rule(position=2)
    small_cycle.rule(name="first", position=1)
    with small_cycle.database.write() as uow:
        assert [view.entry.name for view in small_cycle.setup.list_rules(uow)] == ["first", "rule"]
        changed = RuleEntry(name="changed", position=0, keep_in=("near",))
        with refused(ErrorCode.CONFLICT):
            small_cycle.setup.save_rule(uow, changed, rule, 9)
        assert small_cycle.setup.save_rule(uow, changed, rule, 1).version == 2
        assert small_cycle.setup.list_rules(uow)[0].entry.name == "changed"
        small_cycle.setup.remove_rule(uow, rule)
        for attempt in (
            lambda: small_cycle.setup.remove_rule(uow, rule),
            lambda: small_cycle.setup.save_rule(uow, changed, rule, 2),
        ):
            with refused(ErrorCode.NOT_FOUND):
                attempt()


def _changed(request: SaveStore, **values: Any) -> SaveStore:
    import msgspec

    return msgspec.structs.replace(request, **values)
