"""From the sender's bytes to a durable file, and from there to rows."""

from __future__ import annotations

import copy
import hashlib
import mmap
from pathlib import Path
from typing import Any

import pydicom
import pytest
from sqlalchemy import delete, select

from server.archive.inbox import InboxName
from server.archive.index import Indexer
from server.archive.receive import ObjectName, Receiver, StoreRefused, decode_received
from server.archive.tables import ImagePatient, Instance, InstanceVersion, Series, Study
from server.kernel.database import Database
from server.kernel.errors import Refusal
from server.kernel.storage.direct import PAGE
from server.kernel.storage.durability import Durability
from server.kernel.storage.fingerprint import fingerprint, is_key_of
from server.kernel.storage.space import SpaceGuard
from shared.contract.errors import ErrorCode
from tests.server.archive.archive_house import House, a_series, an_object, encoded, eventually


def rows(house: House, table: Any) -> list[Any]:
    with house.database.read() as uow:
        return list(uow.session.execute(select(table).order_by(table.id)).scalars())


def settled(house: House) -> House:
    assert house.indexer.wait_until_idle()
    return house


@pytest.mark.parametrize("durability", list(Durability))
def test_what_is_received_lies_in_the_inbox_as_part_10(tmp_path: Path, durability: Durability) -> None:
    messages: list[bytes] = []
    receiver = Receiver(tmp_path, messages.append, durability=durability, reserve_bytes=0)
    sent = an_object()
    data = encoded(sent)
    what = ObjectName(str(sent.SOPClassUID), str(sent.SOPInstanceUID), "1.2.840.10008.1.2.1")
    receiver.receive(what, "CT1", memoryview(data))
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    assert whole[:132] == bytes(128) + b"DICM"
    assert whole.endswith(data)
    assert pydicom.dcmread(path) == sent
    name = InboxName.parse(path.name)
    assert name is not None
    assert (name.key, name.calling_ae) == (fingerprint(whole).hexdigest(), "CT1")
    record = decode_received(messages[0])
    assert (record.name, record.key, record.size_bytes) == (path.name, name.key, len(whole))


def test_where_open_files_cannot_be_renamed_the_result_is_the_same(tmp_path: Path) -> None:
    receiver = Receiver(tmp_path, lambda _: None, reserve_bytes=0)
    receiver._flusher.renames_open_files = False
    flushed: list[int] = []
    receiver._flusher.flush = flushed.append  # type: ignore[method-assign]
    sent = an_object()
    what = ObjectName(str(sent.SOPClassUID), str(sent.SOPInstanceUID), "1.2.840.10008.1.2.1")
    receiver.receive(what, "CT1", memoryview(encoded(sent)))
    (path,) = tmp_path.iterdir()
    assert pydicom.dcmread(path) == sent
    assert len(flushed) == 1


def test_a_large_object_comes_as_a_file(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    sent = an_object()
    spool.write_bytes(encoded(sent))
    inbox = tmp_path / "inbox"
    receiver = Receiver(inbox, lambda _: None, reserve_bytes=0)
    what = ObjectName(str(sent.SOPClassUID), str(sent.SOPInstanceUID), "1.2.840.10008.1.2.1")
    receiver.receive(what, "CT1", spool)
    assert next(inbox.iterdir()).read_bytes().endswith(spool.read_bytes())


def test_the_series_is_described_once(tmp_path: Path) -> None:
    messages: list[bytes] = []
    receiver = Receiver(tmp_path, messages.append, durability=Durability.NONE, reserve_bytes=0)
    for sent in a_series(3):
        what = ObjectName(str(sent.SOPClassUID), str(sent.SOPInstanceUID), "1.2.840.10008.1.2.1")
        receiver.receive(what, "CT1", memoryview(encoded(sent)))
    assert [decode_received(message).series_tags is None for message in messages] == [False, True, True]


def test_received_objects_get_rows_and_places(house: House) -> None:
    for sent in a_series(5, accession="A77"):
        house.send(sent)
    settled(house)
    (study,) = rows(house, Study)
    assert (study.accession, study.patient_id, study.patient_name) == ("A77", "P0000001", "Zhang^San=张^三")
    assert (study.name_key, study.ideographic_key) == ("zhang^san", "张^三")
    assert (study.series_count, study.instance_count, study.modalities) == (1, 5, "CT")
    (series,) = rows(house, Series)
    assert (series.modality, series.description, series.instance_count) == ("CT", "胸部 1.0mm", 5)
    assert len(rows(house, ImagePatient)) == 1
    keys = {instance.object_key for instance in rows(house, Instance)}
    assert keys == set(house.storage.keys())
    assert list(house.inbox.iterdir()) == []
    assert study.bytes_stored == sum(instance.size_bytes for instance in rows(house, Instance))


def test_the_same_object_again_changes_nothing(house: House) -> None:
    sent = an_object()
    for sender in ("CT1", "CT1", "WORKSTATION"):
        house.send(sent, sender)
        settled(house)
    assert len(rows(house, Instance)) == 1
    assert rows(house, InstanceVersion) == []
    assert rows(house, Study)[0].instance_count == 1
    assert list(house.inbox.iterdir()) == []


def test_the_same_object_under_a_key_that_was_made_otherwise_changes_nothing(house: House) -> None:
    sent = an_object()
    now = house.receiver.fingerprint
    house.receiver.fingerprint = hashlib.sha256  # as all keys were made once
    house.send(sent)
    settled(house)
    house.receiver.fingerprint = now
    house.send(sent)
    settled(house)
    (instance,) = rows(house, Instance)
    assert list(house.storage.keys()) == [instance.object_key]
    assert rows(house, InstanceVersion) == []
    assert list(house.inbox.iterdir()) == []


def test_what_is_kept_already_is_not_written_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = an_object()
    house.send(sent)
    settled(house)
    monkeypatch.setattr(house.receiver, "_write", lambda *_: pytest.fail("written again"))
    house.send(sent)


def test_a_file_without_its_row_does_not_swallow_an_object(house: House) -> None:
    sent = an_object()
    house.send(sent)
    settled(house)
    with house.database.write() as uow:  # as after restoring an older database
        for table in (Instance, Series, Study):
            uow.session.execute(delete(table))
    house.indexer._rows.forget()
    house.send(sent)
    settled(house)
    assert len(rows(house, Instance)) == 1


def test_the_same_object_twice_before_the_index_knows_it_is_one(house: House) -> None:
    sent = an_object()
    for _ in range(5):
        house.send(sent)
    settled(house)
    assert rows(house, Study)[0].instance_count == 1
    assert len(list(house.storage.keys())) == 1


@pytest.mark.parametrize("at_once", [True, False])
def test_other_bytes_under_a_known_uid_are_kept_beside_the_first(house: House, at_once: bool) -> None:
    first = an_object()
    house.send(first)
    if not at_once:
        settled(house)
    first.PatientComments = "changed at the workstation"
    house.send(first, "WS")
    settled(house)
    (instance,) = rows(house, Instance)
    (version,) = rows(house, InstanceVersion)
    assert version.instance_pk == instance.id
    assert version.calling_ae == "WS"
    assert version.study_uid == first.StudyInstanceUID
    assert rows(house, Study)[0].conflicts == 1
    assert house.storage.exists(instance.object_key)
    assert house.storage.exists(version.object_key)
    with house.storage.open(version.object_key) as file:
        assert b"changed at" in file.read()


def test_repeated_and_conflicting_uids_in_one_batch(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first = House(tmp_path)
    first.receiver._notify = lambda _: None
    one, two = an_object(), an_object()
    other = copy.deepcopy(two)
    other.PatientComments = "other bytes"
    third = copy.deepcopy(two)
    third.PatientComments = "yet others"
    for sent in (one, two, other, one, third, two, one, other):
        first.send(sent)
    house = House(tmp_path, first.database).start()  # all in one batch
    assert sorted(instance.uid for instance in rows(house, Instance)) == sorted(
        [one.SOPInstanceUID, two.SOPInstanceUID]
    )
    assert len(rows(house, InstanceVersion)) == 2
    assert house.service.check(hashes=True).findings == ()
    assert [record.message.count("'CT1' has other content") for record in caplog.records] == [1, 1]
    house.stop()


def test_only_another_file_meta_is_no_conflict(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = an_object()
    house.send(sent)
    settled(house)
    monkeypatch.setattr("server.archive.receive.IMPLEMENTATION_VERSION_NAME", "MINGJING_99")
    house.send(sent)
    settled(house)
    assert rows(house, InstanceVersion) == []
    assert len(list(house.storage.keys())) == 1
    assert list(house.inbox.iterdir()) == []


def test_what_a_crash_left_in_the_inbox_is_indexed_at_the_next_start(tmp_path: Path) -> None:
    before = House(tmp_path)
    before.receiver._notify = lambda _: None  # the server dies before any message is worked on
    for sent in a_series(4):
        before.send(sent, "CT9")
    (tmp_path / "inbox" / "half.dcm.part").write_bytes(b"half")
    after = House(tmp_path, before.database).start()
    assert len(rows(after, Instance)) == 4
    assert rows(after, Study)[0].calling_ae == "CT9"
    assert list(after.inbox.iterdir()) == []
    after.stop()


def test_a_lost_message_is_made_good_by_the_scan(tmp_path: Path) -> None:
    house = House(tmp_path, scan_every_s=0.05)
    house.start()
    told = house.receiver._notify
    house.receiver._notify = lambda _: None
    house.receiver._clock_ns = lambda: 1_700_000_000_000_000_000
    slices = a_series(2)
    house.send(slices[0])
    house.receiver._notify = told
    house.send(slices[1])  # tells nothing of the series, which the lost message described
    eventually(lambda: len(rows(house, Instance)) == 2)
    assert rows(house, Study)[0].instance_count == 2
    house.stop()


def test_a_file_that_changed_in_the_inbox_is_set_aside(tmp_path: Path) -> None:
    before = House(tmp_path)
    before.receiver._notify = lambda _: None
    before.send(an_object())
    (path,) = before.inbox.iterdir()
    with path.open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\xff")
    (tmp_path / "inbox" / "stray.dcm").write_bytes(b"no name of ours")
    after = House(tmp_path, before.database).start()
    assert rows(after, Instance) == []
    assert len(list((tmp_path / "damaged").iterdir())) == 2
    after.stop()


def test_one_bad_record_does_not_hold_up_the_others(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    slices = a_series(3)
    bad = str(slices[1].SOPInstanceUID)
    add = house.indexer._rows._add

    def fail(session: Any, batch: Any, record: Any, present: Any) -> None:
        if record.sop_instance_uid == bad:
            raise RuntimeError("a defect")
        add(session, batch, record, present)

    monkeypatch.setattr(house.indexer._rows, "_add", fail)
    for sent in slices:
        house.send(sent)
    eventually(lambda: len(rows(house, Instance)) == 2 and len(list(house.inbox.iterdir())) == 1)
    assert bad not in {instance.uid for instance in rows(house, Instance)}
    assert len(rows(house, Instance)) == 2
    assert len(list(house.inbox.iterdir())) == 1
    house.indexer._queued.clear()


def test_objects_wait_while_the_database_cannot_be_written(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    write = house.database.write
    refused: list[int] = []

    def full() -> Any:
        refused.append(1)
        raise Refusal(ErrorCode.DISK_FULL, "磁盘已满")

    monkeypatch.setattr("server.archive.index._TROUBLE_S", 0.01)
    monkeypatch.setattr(house.database, "write", full)
    for sent in a_series(3):
        house.send(sent)
    eventually(lambda: len(refused) > 3)
    assert len(list(house.inbox.iterdir())) == 3
    monkeypatch.setattr(house.database, "write", write)
    settled(house)
    assert len(rows(house, Instance)) == 3
    assert list(house.inbox.iterdir()) == []


def test_more_than_fits_in_memory_waits_in_the_inbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.archive.index._IN_HAND", 2)
    house = House(tmp_path, scan_every_s=0.05)
    house.receiver._clock_ns = lambda: 1_700_000_000_000_000_000
    for sent in a_series(6):  # the indexer does not run yet
        house.send(sent)
    assert house.indexer.backlog == 2
    house.indexer._thread.start()
    eventually(lambda: len(rows(house, Instance)) == 6)
    house.stop()


def test_a_study_without_patient_id_has_a_patient_of_its_own(house: House) -> None:
    for _ in range(2):
        house.send(an_object(PatientID=""))
    settled(house)
    assert len(rows(house, ImagePatient)) == 2


def test_a_full_disk_is_refused_and_earlier_objects_stay(house: House) -> None:
    house.send(an_object())
    house.receiver.space = SpaceGuard(house.inbox, reserve_bytes=1 << 20, measure=lambda _: 1 << 20)
    with pytest.raises(StoreRefused, match="disk is full") as refused:
        house.send(an_object())
    assert refused.value.status == 0xA700
    settled(house)
    assert len(rows(house, Instance)) == 1


def test_a_disk_that_fills_while_writing_leaves_nothing_half(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        patched.setattr(os, "writev", full, raising=False)
        with pytest.raises(StoreRefused, match="disk is full"):
            house.send(an_object())
    assert list(house.inbox.iterdir()) == []
    house.send(an_object())
    settled(house)
    assert len(rows(house, Instance)) == 1


def test_warming_up_leaves_nothing_behind(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.indexer.warm_up()
    for table in (Instance, Series, Study, ImagePatient):
        assert rows(house, table) == []
    house.start()
    house.send(an_object())
    settled(house)
    assert len(rows(house, Instance)) == 1
    house.stop()


@pytest.fixture(params=[True, False], ids=["direct", "cached"])
def small_steps(house: House, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Objects of some kB, too, are written while they come; past the page cache, or through it."""
    monkeypatch.setattr("server.archive.receive.STEP", 64)
    monkeypatch.setattr("server.archive.receive.DIRECT_STEP", PAGE)
    monkeypatch.setattr("server.archive.receive.LEAST_BYTES", 0)
    house.receiver = house.a_receiver(direct=bool(request.param))


def of_some_pages() -> Any:
    return a_series(1, 64)[0]


def in_parts(house: House, sent: Any, data: bytes, step: int) -> Any:
    """An object of which all but the last part has come, and the memory for the whole of it."""
    meta = sent.file_meta
    what = ObjectName(
        *map(str, (meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID, meta.TransferSyntaxUID))
    )
    arriving = house.receiver.begin(what)
    assert arriving is not None
    memory = memoryview(mmap.mmap(-1, arriving.lead + len(data)))
    memory[arriving.lead :] = data
    for end in range(step, len(data), step):
        arriving.take(memory[: arriving.lead + end])
    if not arriving.failed:
        assert arriving.length == end
        # of a file that is written past the page cache the disk has whole pages
        assert 0 < arriving.written <= end + arriving.lead < arriving.written + 64 + PAGE
    return what, arriving, memory


def receive(house: House, what: ObjectName, arriving: Any, memory: memoryview) -> None:
    """The last part has come, too."""
    arriving.take(memory)
    house.receiver.receive(what, "CT1", memory[arriving.lead :].toreadonly(), arriving)


@pytest.mark.usefixtures("small_steps")
def test_an_object_that_came_in_parts_is_the_same_object(house: House) -> None:
    sent = of_some_pages()
    data = encoded(sent)
    for step in (100, 1000):
        what, arriving, memory = in_parts(house, sent, data, step)
        receive(house, what, arriving, memory)
        memory[:] = bytes(len(memory))  # the next object comes into it
        settled(house)
    (instance,) = rows(house, Instance)
    assert rows(house, InstanceVersion) == []
    assert list(house.inbox.iterdir()) == []
    with house.storage.open(instance.object_key) as file:
        whole = file.read()
    assert whole[instance.data_offset :] == data
    assert fingerprint(whole).hexdigest() == instance.object_key


@pytest.mark.usefixtures("small_steps")
def test_parts_of_another_object_are_not_mixed_in(house: House) -> None:
    """A data set that is not the one that came in parts is received from the beginning."""
    sent = of_some_pages()
    data = encoded(sent)
    what, arriving, _ = in_parts(house, sent, data, 100)
    house.receiver.receive(what, "CT1", memoryview(data), arriving)
    assert len(list(house.inbox.iterdir())) == 1
    settled(house)
    (instance,) = rows(house, Instance)
    with house.storage.open(instance.object_key) as file:
        assert file.read().endswith(data)


@pytest.mark.usefixtures("small_steps")
def test_parts_of_an_object_that_never_becomes_whole_leave_nothing(house: House) -> None:
    sent = of_some_pages()
    _, arriving, _ = in_parts(house, sent, encoded(sent), 100)
    assert len(list(house.inbox.iterdir())) == 1
    arriving.drop()
    arriving.drop()
    assert list(house.inbox.iterdir()) == []


@pytest.mark.usefixtures("small_steps")
def test_parts_of_a_refused_object_leave_nothing(house: House) -> None:
    sent = of_some_pages()
    data = encoded(sent)[:-30]
    what, arriving, memory = in_parts(house, sent, data, 100)
    with pytest.raises(StoreRefused):
        receive(house, what, arriving, memory)
    assert list(house.inbox.iterdir()) == []


@pytest.mark.usefixtures("small_steps")
def test_a_disk_that_fails_while_an_object_comes_is_asked_again_at_the_end(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = of_some_pages()
    data = encoded(sent)
    with monkeypatch.context() as broken:
        for name in ("write", "writev"):
            broken.setattr(
                f"server.kernel.storage.direct.os.{name}",
                lambda *_: (_ for _ in ()).throw(OSError(5, "broken")),
                raising=False,
            )
        what, arriving, memory = in_parts(house, sent, data, 100)
    assert arriving.failed
    receive(house, what, arriving, memory)
    settled(house)
    assert len(rows(house, Instance)) == 1


@pytest.mark.usefixtures("small_steps")
def test_a_disk_that_takes_less_than_it_is_given_gets_all_of_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writes may be cut short anywhere, in the file meta information too."""
    import os

    write = os.write
    sent = of_some_pages()
    data = encoded(sent)
    with monkeypatch.context() as short:
        short.setattr(os, "write", lambda descriptor, part: write(descriptor, bytes(part[:37])))
        short.setattr(os, "writev", lambda descriptor, parts: write(descriptor, bytes(parts[0][:37])), raising=False)
        what, arriving, memory = in_parts(house, sent, data, 100)
        receive(house, what, arriving, memory)
    settled(house)
    (instance,) = rows(house, Instance)
    with house.storage.open(instance.object_key) as file:
        kept = file.read()
    assert kept.endswith(data) and is_key_of(instance.object_key, kept)


def test_files_leave_the_inbox_only_after_their_rows_are_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(tmp_path)
    happened: list[str] = []
    sync, put = house.database.sync, house.storage.put

    def synced() -> None:
        happened.append(f"synced {len(rows(house, Instance))}")
        sync()

    def moved(source: Any, key: str | None = None) -> str:
        happened.append("moved")
        return put(source, key)

    monkeypatch.setattr(house.database, "sync", synced)
    monkeypatch.setattr(house.storage, "put", moved)
    for sent in a_series(2):
        house.send(sent)
    house.start()
    settled(house)
    house.stop()
    assert happened[:3] == ["synced 2", "moved", "moved"]


def test_what_came_is_read_into_memory_when_nothing_waits_any_more(tmp_path: Path) -> None:
    warmed: list[tuple[str, bool, int]] = []
    indexer: list[Indexer] = []

    def warm(key: str) -> None:
        warmed.append((key, house.storage.exists(key), indexer[0].backlog))

    house = House(tmp_path, warm=warm)
    indexer.append(house.indexer)
    house.start()
    try:
        for sent in a_series(5):
            house.send(sent)
        eventually(lambda: len(warmed) == 5)
        assert {key for key, _, _ in warmed} == {instance.object_key for instance in rows(house, Instance)}
        assert all(is_there and not backlog for _, is_there, backlog in warmed)
    finally:
        house.stop()


def test_a_relaxed_database_is_the_same_database(tmp_path: Path) -> None:
    first = Database.in_folder(tmp_path)
    first.create_schema()
    relaxed = Database(first.url, relaxed=True)
    house = House(tmp_path, relaxed).start()
    house.send(an_object())
    settled(house)
    relaxed.sync()
    relaxed.checkpoint()
    with first.read() as uow:
        assert len(uow.session.execute(select(Instance.id)).all()) == 1
    house.stop()
    first.close()


def test_who_waits_for_the_index_makes_it_work_at_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.archive.index._QUIET_S", 30.0)
    house.send(an_object())
    house.receiver.hurry()
    settled(house)
    assert len(rows(house, Instance)) == 1
