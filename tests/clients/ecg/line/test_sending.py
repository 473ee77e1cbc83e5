"""The sender over a line that breaks at every place: before the server hears, and before its answer is heard."""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Any

import pytest

from clients.ecg.line.outbox import Outbox
from clients.ecg.line.sending import LEAST_CHUNK, LineSender, LineStatus, Sent
from clients.ecg.line.status import words_of
from shared.contract.ecg_acquisition import AppendUpload, BeginUpload, FinishUpload, UploadFacts
from shared.contract.ecg_lines import AppendOriginal, ReportLine
from shared.contract.errors import ErrorBody, ErrorCode, error_for
from shared.domain.ecg import Urgency
from tests.clients.ecg.acquisition.fake_acquisition import FakeAcquisition

FACTS = UploadFacts(parts=(), exam_id=41)


class BadLine:
    """Loses requests and answers as the dice fall; counts the calls that came through."""

    def __init__(self, server: FakeAcquisition, cuts: int, seed: int = 1, share: float = 0.3) -> None:
        self.server, self.cuts, self.share = server, cuts, share
        self.dice = random.Random(seed)
        self.seconds = 0.0
        self.passed: list[Any] = []

    def clock(self) -> float:
        return self.seconds

    def call(self, request: Any) -> Any:
        self.seconds += 0.2 + len(getattr(request, "data", b"")) / 8000  # 64 kbit/s
        cut = self.cuts > 0 and self.dice.random() < self.share
        if cut:
            self.cuts -= 1
            if self.dice.random() < 0.5:
                raise self.broken()
        answer = self.server.connection.call(request)
        self.passed.append(request)
        if cut:
            raise self.broken()
        return answer

    @staticmethod
    def broken() -> Exception:
        return error_for(ErrorBody(code=ErrorCode.TIMEOUT, message="服务器没有回答。"))


def a_sender(outbox: Outbox, line: BadLine, told: list[Sent] | None = None, **more: Any) -> LineSender:
    return LineSender(
        outbox,
        line.call,
        sent=(told if told is not None else []).append,
        clock=line.clock,
        rng=random.Random(2),
        **more,
    )


@pytest.mark.parametrize("seed", range(5))
def test_a_hundred_cuts_lose_and_double_nothing(tmp_path: Path, seed: int) -> None:
    server, told = FakeAcquisition(), []
    line = BadLine(server, cuts=100, seed=seed, share=0.5)
    outbox = Outbox.for_user("nurse", tmp_path)
    dice = random.Random(seed)
    records = {}
    originals = {}
    for _ in range(12):
        packed, original = dice.randbytes(dice.randint(5_000, 25_000)), dice.randbytes(40_000)
        key = outbox.keep(FACTS, packed, original=("a.xml", original))
        records[key], originals[key] = packed, original
    for _ in range(400):
        sender = a_sender(outbox, line, told)  # a new one each time, as after a kill
        if sender.send_all(dice.randint(1, 60)) and outbox.waiting() == ():
            break
        outbox = Outbox.for_user("nurse", tmp_path)
    assert line.cuts == 0
    assert {key: data for key, (_facts, data) in server.kept.items()} == records
    assert server.originals == originals
    assert server.parts == {} and server.coming == {} and outbox.waiting() == ()
    assert {sent.key for sent in told} == set(records)


def test_what_arrived_is_not_sent_again(tmp_path: Path) -> None:
    server = FakeAcquisition()
    line = BadLine(server, cuts=1, share=1.0, seed=3)
    outbox = Outbox.for_user("nurse", tmp_path)
    outbox.keep(FACTS, bytes(40_000))
    sender = a_sender(outbox, line)
    while not sender.send_all():
        pass
    chunks = [request for request in line.passed if isinstance(request, AppendUpload)]
    assert sum(len(request.data) for request in chunks) == 40_000


def test_an_emergency_overtakes_between_two_chunks(tmp_path: Path) -> None:
    server = FakeAcquisition()
    line = BadLine(server, cuts=0)
    outbox = Outbox.for_user("nurse", tmp_path)
    slow = outbox.keep(FACTS, bytes(60_000))
    sender = a_sender(outbox, line)
    for _ in range(3):
        sender.step()
    urgent = outbox.keep(FACTS, bytes(4_000), urgency=Urgency.EMERGENCY)
    sender.send_all()
    assert list(server.kept) == [urgent, slow]
    sent_slow = [r for r in line.passed if isinstance(r, AppendUpload) and r.key == slow]
    assert sent_slow[0].offset == 0 and len({r.offset for r in sent_slow}) == len(sent_slow)


def test_originals_follow_when_no_record_waits(tmp_path: Path) -> None:
    server = FakeAcquisition()
    line = BadLine(server, cuts=0)
    outbox = Outbox.for_user("nurse", tmp_path)
    for _ in range(3):
        outbox.keep(FACTS, bytes(5_000), original=("a.scp", bytes(9_000)))
    a_sender(outbox, line).send_all()
    kinds = [type(request) for request in line.passed if isinstance(request, AppendUpload | AppendOriginal)]
    assert kinds == sorted(kinds, key=lambda kind: kind is AppendOriginal)
    assert len(server.originals) == 3


def test_pauses_grow_with_jitter_and_chunks_shrink(tmp_path: Path) -> None:
    server = FakeAcquisition()
    line = BadLine(server, cuts=40, share=1.0)
    outbox = Outbox.for_user("nurse", tmp_path)
    outbox.keep(FACTS, bytes(5_000))
    sender = a_sender(outbox, line)
    pauses = [sender.step() or 0.0 for _ in range(12)]
    assert pauses[0] <= 0.5 and 30 <= pauses[-1] <= 60
    assert all(later > earlier * 0.9 for earlier, later in itertools.pairwise(pauses[:7]))
    assert sender.status.trouble and sender._chunk == LEAST_CHUNK
    other = LineSender(outbox, line.call, rng=random.Random(9))
    assert [other.step() for _ in range(3)] != pauses[:3], "stations do not come back all at once"


def test_a_record_garbled_on_its_way_begins_anew(tmp_path: Path) -> None:
    server = FakeAcquisition()
    line = BadLine(server, cuts=0)
    outbox = Outbox.for_user("nurse", tmp_path)
    key = outbox.keep(FACTS, b"x" * 3000)
    server.connection.call(BeginUpload(key=key, facts=outbox.waiting()[0].entry.facts))
    server.connection.call(AppendUpload(key=key, offset=0, data=b"y" * 2000))
    assert a_sender(outbox, line).send_all()
    assert server.kept[key][1] == b"x" * 3000


def test_an_upload_that_the_server_lost_begins_anew(tmp_path: Path) -> None:
    server = FakeAcquisition()
    line = BadLine(server, cuts=0)
    outbox = Outbox.for_user("nurse", tmp_path)
    key = outbox.keep(FACTS, bytes(9_000))
    sender = a_sender(outbox, line)
    sender.step(), sender.step()
    server.parts.clear()
    sender.send_all()
    assert server.kept[key][1] == bytes(9_000)


def test_a_record_whose_exam_takes_none_any_more_arrives_without_it(tmp_path: Path) -> None:
    server = FakeAcquisition()
    line = BadLine(server, cuts=0)
    outbox = Outbox.for_user("nurse", tmp_path)
    key = outbox.keep(FACTS, bytes(900))
    real = line.call

    def reported(request: Any) -> Any:
        if isinstance(request, FinishUpload) and request.key == key:
            raise error_for(ErrorBody(code=ErrorCode.ILLEGAL_ACTION, message="已报告", state="reported"))
        return real(request)

    LineSender(outbox, reported, clock=line.clock).send_all()
    ((facts, _data),) = server.kept.values()
    assert facts.exam_id is None and outbox.waiting() == ()


def test_the_centre_hears_how_the_queue_stands(tmp_path: Path) -> None:
    server = FakeAcquisition()
    line = BadLine(server, cuts=0)
    outbox = Outbox.for_user("nurse", tmp_path)
    for _ in range(3):
        outbox.keep(FACTS, bytes(20_000), urgency=Urgency.URGENT)
    a_sender(outbox, line).send_all()
    reports = [request.report for request in line.passed if isinstance(request, ReportLine)]
    assert [report.waiting for report in reports[-3:]] == [2, 1, 0]
    assert 3_000 < reports[-1].bytes_per_s < 8_000


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (LineStatus(), "心电上传：无排队"),
        (LineStatus(waiting=2, seconds_left=30.0), "心电排队 {count} 份，剩余约 {left}"),
        (LineStatus(waiting=2), "心电排队 {count} 份"),
        (LineStatus(waiting=2, trouble="x", seconds_left=9.0), "心电排队 {count} 份，线路中断"),
        (LineStatus(refused=1, waiting=2), "{count} 份心电图需要处理"),
        (LineStatus(originals=4), "原始文件 {count} 个待传"),
    ],
)
def test_the_strip_says_what_counts(status: LineStatus, words: str) -> None:
    assert words_of(status)[0] == words
