"""The outbox: what it keeps survives, in the order of urgency, and goes only with the server's word."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from clients.ecg.line.originals import one_original
from clients.ecg.line.outbox import Kind, Outbox
from clients.kit.sealed_files import SealedFiles
from shared.contract.ecg_acquisition import UploadFacts
from shared.domain.ecg import Urgency

FACTS = UploadFacts(parts=(), exam_id=5)


def opened(folder: Path) -> Outbox:
    return Outbox.for_user("nurse", folder)


def test_urgent_before_routine_before_originals(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    first = outbox.keep(FACTS, b"1", original=("a.xml", b"<a/>"))
    second = outbox.keep(FACTS, b"22")
    urgent = outbox.keep(FACTS, b"333", urgency=Urgency.URGENT)
    emergency = outbox.keep(FACTS, b"4444", urgency=Urgency.EMERGENCY)
    outbox.confirmed(first, 1)
    assert [(one.kind, one.key) for one in outbox.waiting()] == [
        (Kind.TRACE, emergency),
        (Kind.TRACE, urgent),
        (Kind.TRACE, second),
        (Kind.ORIGINAL, first),
    ]
    again = opened(tmp_path)
    assert again.waiting() == outbox.waiting()
    assert again.data(again.waiting()[0]) == b"4444"
    assert again.data(again.waiting()[-1]) == b"<a/>"
    assert again.waiting()[-1].trace_id == 1


def test_the_same_key_twice_is_once(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    key = outbox.keep(FACTS, b"1", original=("a", b"x"))
    outbox.keep(FACTS, b"2", key=key)
    outbox.confirmed(key, 1)
    outbox.keep(FACTS, b"3", key=key)
    assert [one.kind for one in outbox.waiting()] == [Kind.ORIGINAL]


@pytest.mark.parametrize("dies_after", range(7))
def test_a_crash_between_any_two_writes_loses_and_doubles_nothing(
    tmp_path: Path, dies_after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk stops at its n-th change; whoever gave the record gives it again, as the watched folder does."""

    class Dead(Exception):
        pass

    left = [dies_after]

    def counted(method: object) -> object:
        def call(self: SealedFiles, *arguments: object) -> object:
            if left[0] == 0:
                raise Dead
            left[0] -= 1
            return method(self, *arguments)  # type: ignore[operator]

        return call

    key = "ab" * 16
    server: set[str] = set()

    def life() -> bool:
        outbox = opened(tmp_path)
        if key not in server:
            outbox.keep(FACTS, b"record", original=("a.xml", b"original"), key=key)
        for one in outbox.waiting():
            if one.kind is Kind.TRACE:
                assert outbox.data(one) == b"record"
                server.add(one.key)
                outbox.confirmed(one.key, 1)
        for one in outbox.waiting():
            assert one.kind is Kind.ORIGINAL and outbox.data(one) == b"original"
            server.add("original")
            outbox.original_confirmed(one.key)
        return outbox.waiting() == ()

    with monkeypatch.context() as patched:
        patched.setattr(SealedFiles, "write", counted(SealedFiles.write))
        patched.setattr(SealedFiles, "remove", counted(SealedFiles.remove))
        with contextlib.suppress(Dead):
            life()
    assert life()
    assert server == {key, "original"}
    assert opened(tmp_path).waiting() == ()
    assert SealedFiles.for_user("nurse", "ecg-line", tmp_path).names() == ()


def test_what_the_server_refuses_stays_until_somebody_decides(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    key = outbox.keep(FACTS, b"1")
    outbox.refuse(outbox.waiting()[0], "不是心电图")
    assert outbox.next() is None and outbox.waiting()[0].refused == "不是心电图"
    assert opened(tmp_path).waiting()[0].refused == "不是心电图"
    outbox.try_again(key)
    assert outbox.next() is not None and opened(tmp_path).next() is not None


def test_a_record_without_its_exam_gets_one_new_key(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    key = outbox.keep(UploadFacts(parts=(), exam_id=5, task_id=2), b"1", original=("a", b"x"))
    made = outbox.send_as_orphan(key)
    (one,) = outbox.waiting()
    assert one.key == made != key
    assert one.entry.facts.exam_id is None and one.entry.facts.task_id is None and one.entry.facts.parts
    assert one.entry.original is not None and outbox.send_as_orphan(key) == ""


def test_a_damaged_file_is_said_and_the_rest_goes_on(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    key = outbox.keep(FACTS, b"1")
    (path,) = SealedFiles.for_user("nurse", "ecg-line", tmp_path).folder.glob(f"trace-{key}*")
    path.write_bytes(b"rubbish")
    assert outbox.data(outbox.waiting()[0]) is None
    assert opened(tmp_path).waiting() == ()


def test_several_files_of_a_record_travel_as_one() -> None:
    import io
    import zipfile

    assert one_original("a.scp", b"x", {}) == ("a.scp", b"x")
    name, data = one_original("r1.hea", b"head", {"r1.dat": b"signal"})
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {each: archive.read(each) for each in archive.namelist()} == {"r1.dat": b"signal", "r1.hea": b"head"}
    assert name == "r1.zip" and one_original("r1.hea", b"head", {"r1.dat": b"signal"})[1] == data
