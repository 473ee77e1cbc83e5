"""What a check finds is repaired where the right state is certain; retention deletes only what every rule lets go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from server.archive.keeping.compressing import Compression
from server.archive.keeping.policy import save
from server.archive.keeping.rebuild import rebuild_index
from server.archive.keeping.repair import Repair
from server.archive.keeping.tables import BinEntry
from server.archive.tables import ImagePatient, Instance, InstanceVersion, Series, Study
from server.kernel.errors import Refusal
from shared.contract.keeping import KeepingPolicy, RetentionRule
from tests.server.archive.archive_house import a_series
from tests.server.archive.keeping.keeping_house import HereWorkshop, Keeping


@pytest.fixture
def ct(keeping: Keeping) -> list[Any]:
    slices = a_series(3)
    for one in slices:
        keeping.house.send(one)
    assert keeping.house.indexer.wait_until_idle()
    return slices


def repaired(keeping: Keeping, *spares: Any) -> int:
    """Check, repair, index what the repair handed in."""
    repair = Repair(keeping.database, keeping.house.storage, keeping.house.inbox, spares)
    count = repair.all(keeping.house.service.examine(True))
    keeping.house.indexer.replay()
    keeping.sweep()
    return count


def test_an_orphan_is_indexed_again(keeping: Keeping, ct: list[Any]) -> None:
    files = keeping.files()
    with keeping.database.write() as uow:
        uow.session.execute(Instance.__table__.delete().where(Instance.__table__.c.uid == ct[1].SOPInstanceUID))
    assert repaired(keeping) == 3  # the file without row, and the sums of series and study
    assert keeping.findings() == []
    assert keeping.files() == files
    assert keeping.counts() == (1, 1, 3)


def test_a_stray_file_is_moved_aside(keeping: Keeping, ct: list[Any]) -> None:
    key = keeping.house.storage.put(b"nonsense")
    assert repaired(keeping) == 1
    assert keeping.findings() == []
    assert (keeping.house.folder / "damaged" / key).read_bytes() == b"nonsense"


@pytest.mark.parametrize(
    ("table", "change"),
    [
        (Instance, {"size_bytes": 1}),
        (Instance, {"attributes": b"\x81\xce\x00\x28\x00\x10\x07", "number": 99}),
        (Series, {"instance_count": 99}),
        (Series, {"modality": "XX"}),
        (Study, {"bytes_stored": 1}),
        (Study, {"patient_name": "Wrong^Name"}),
    ],
)
def test_a_wrong_row_is_set_to_what_its_file_says(
    keeping: Keeping, ct: list[Any], table: Any, change: dict[str, Any]
) -> None:
    with keeping.database.write() as uow:
        uow.session.execute(update(table).where(table.id == 1).values(**change))
    assert keeping.findings() != []
    assert repaired(keeping) >= 1
    assert keeping.findings() == []


def test_a_missing_or_damaged_file_comes_from_a_backup(keeping: Keeping, ct: list[Any], tmp_path: Path) -> None:
    one, other = sorted(keeping.files())[:2]
    spares = tmp_path / "spares"
    spares.mkdir()
    for key in (one, other):
        (spares / key).write_bytes(keeping.house.storage.path_of(key).read_bytes())
    keeping.house.storage.delete(one)
    path = keeping.house.storage.path_of(other)
    path.chmod(0o640)
    path.write_bytes(b"damaged")

    def spare(key: str) -> Any:
        return (spares / key).open("rb") if (spares / key).exists() else None

    assert repaired(keeping, lambda _key: None) == 0
    assert repaired(keeping, spare) == 2
    assert keeping.findings() == []


# --- the index made anew


def rows_of(keeping: Keeping) -> dict[str, list[tuple[Any, ...]]]:
    """All of the index but its ids."""
    named = {
        Study: (
            "uid",
            "patient_name",
            "name_key",
            "instance_count",
            "bytes_stored",
            "conflicts",
            "exam_id",
            "modalities",
        ),
        Series: ("uid", "modality", "instance_count", "calling_ae"),
        Instance: ("uid", "object_key", "received_key", "number", "transfer_syntax_uid"),
        InstanceVersion: ("object_key", "calling_ae", "received_at"),
    }
    with keeping.database.read() as uow:
        return {
            table.__tablename__: sorted(
                uow.session.execute(select(*(getattr(table, name) for name in names))).all(), key=str
            )
            for table, names in named.items()
        }


def a_full_archive(keeping: Keeping, ct: list[Any], tmp_path: Path) -> None:
    """Another version, a deleted series, a compressed one, a matched study."""
    ct[0].PatientComments = "other bytes"
    keeping.house.send(ct[0])
    gone = a_series(2)
    for one in gone:
        keeping.house.send(one)
    assert keeping.house.indexer.wait_until_idle()
    keeping.delete(gone[0].StudyInstanceUID)
    keeping.give_exam(ct[0].StudyInstanceUID, 7)
    keeping.service.compression = Compression(
        keeping.database, keeping.house.storage, tmp_path / "workshop", workshop=HereWorkshop
    )
    keeping.service.compression.run()
    keeping.sweep()


def test_an_index_made_anew_is_the_same(keeping: Keeping, ct: list[Any], tmp_path: Path) -> None:
    a_full_archive(keeping, ct, tmp_path)
    before = rows_of(keeping)
    with keeping.database.write() as uow:
        uow.session.execute(update(Study).values(patient_name="Wrong^Name", bytes_stored=1))
        uow.session.execute(update(Series).values(modality="XX"))
    assert rebuild_index(keeping.database, keeping.house.storage, lambda *_: None) == 4
    assert rows_of(keeping) == before
    assert keeping.findings() == []
    with keeping.database.read() as uow:
        entry = uow.session.execute(select(BinEntry.id)).scalar_one()
    keeping.restore(entry)
    assert keeping.findings() == []


def test_an_index_that_was_lost_is_made_from_the_files(keeping: Keeping, ct: list[Any]) -> None:
    with keeping.database.write() as uow:
        for table in (Instance, Series, Study, ImagePatient):
            uow.session.execute(delete(table))
    assert len(keeping.findings()) == 3
    assert rebuild_index(keeping.database, keeping.house.storage, lambda *_: None) == 3
    assert keeping.counts() == (1, 1, 3)
    assert keeping.findings() == []


# --- retention

OLD = RetentionRule(name="十年", enabled=True, modalities=("CT",), older_than_days=3650)


def an_old_study(keeping: Keeping, uid: str, **values: Any) -> None:
    past = datetime.now(UTC) - timedelta(days=4000)
    given = {"study_date": "20100101", "changed_at": past, "received_at": past, **values}
    with keeping.database.write() as uow:
        uow.session.execute(update(Study).where(Study.uid == uid).values(**given))


def hindrance(keeping: Keeping, rule: RetentionRule = OLD) -> str | None:
    found = keeping.service.retention.preview([rule])
    return found.rows[0].hindrance if found.rows else None


def test_a_study_goes_only_when_nothing_keeps_it(keeping: Keeping, ct: list[Any]) -> None:
    uid = ct[0].StudyInstanceUID
    assert hindrance(keeping) is None
    an_old_study(keeping, uid)
    assert hindrance(keeping) == "已核对的副本不足（0/1）"
    keeping.copies.by_uid[uid] = 1
    assert hindrance(keeping) == ""
    keeping.give_exam(uid, 7)
    assert hindrance(keeping) == "报告尚未审核"
    keeping.give_exam(uid, 7, is_report_approved=True)
    assert hindrance(keeping) == ""
    with keeping.database.write() as uow:
        keeping.service.hold(uow, uid, "诉讼", "wang")
    assert hindrance(keeping) == "依法保全"


@pytest.mark.parametrize(
    "rule",
    [
        RetentionRule(name="x", modalities=("MR",), older_than_days=3650),
        RetentionRule(name="x", institutions=("elsewhere",), older_than_days=3650),
        RetentionRule(name="x", older_than_days=36500),
        RetentionRule(name="x", patient_kinds=("vip",), older_than_days=3650),
    ],
)
def test_a_rule_that_does_not_fit_says_nothing(keeping: Keeping, ct: list[Any], rule: RetentionRule) -> None:
    an_old_study(keeping, ct[0].StudyInstanceUID)
    assert hindrance(keeping, rule) is None


def test_a_wrong_study_date_of_new_images_deletes_nothing(keeping: Keeping, ct: list[Any]) -> None:
    an_old_study(keeping, ct[0].StudyInstanceUID, changed_at=datetime.now(UTC))
    assert hindrance(keeping) is None


def test_the_rules_move_studies_into_the_bin_from_where_they_may_come_again(keeping: Keeping, ct: list[Any]) -> None:
    uid = ct[0].StudyInstanceUID
    an_old_study(keeping, uid)
    policy = keeping.policy(retention_rules=(OLD,))
    assert keeping.service.retention.apply(policy, lambda *_: None) == (0, 1)
    keeping.copies.by_uid[uid] = 1
    assert keeping.service.retention.apply(policy, lambda *_: None) == (1, 0)
    assert keeping.counts() == (0, 0, 0)
    with keeping.database.read() as uow:
        entry = uow.session.execute(select(BinEntry)).scalar_one()
        assert (entry.by_retention, entry.deleted_by) == ("十年", "system")
    keeping.house.send(ct[0])
    assert keeping.house.indexer.wait_until_idle()
    assert keeping.counts() == (1, 1, 1)
    assert keeping.findings() == []


def test_a_disabled_rule_does_nothing(keeping: Keeping, ct: list[Any]) -> None:
    an_old_study(keeping, ct[0].StudyInstanceUID)
    keeping.copies.by_uid[ct[0].StudyInstanceUID] = 1
    policy = keeping.policy(retention_rules=(RetentionRule(name="x", older_than_days=1),))
    assert keeping.service.retention.apply(policy, lambda *_: None) == (0, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"bin_days": -1},
        {"retention_rules": (RetentionRule(name="", older_than_days=1),)},
        {"retention_rules": (RetentionRule(name="x", enabled=True),)},
        {"retention_rules": (RetentionRule(name="x", older_than_days=1, verified_copies=0),)},
        {"retention_rules": (OLD, OLD)},
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused(keeping: Keeping, wrong: dict[str, Any]) -> None:
    with pytest.raises(Refusal), keeping.database.write() as uow:
        save(uow.session, 1, KeepingPolicy(**wrong), "test")


def test_a_stale_policy_is_a_conflict(keeping: Keeping) -> None:
    keeping.policy(bin_days=5)
    with pytest.raises(Refusal), keeping.database.write() as uow:
        save(uow.session, 1, KeepingPolicy(), "test")
