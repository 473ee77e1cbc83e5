"""Lines of stations: reports, what is held under a key, vendors' files in chunks that follow their records."""

from __future__ import annotations

import hashlib
import secrets
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

import pytest

from server.bootstrap.ecg_lines import build_ecg_lines
from server.kernel.dispatch import collect
from server.kernel.errors import Refusal
from server.pathology.media.uploads import UploadFolder
from shared.contract import ecg_lines as lines
from shared.contract.ecg import GetOriginal
from shared.contract.ecg_acquisition import BeginUpload, FinishUpload
from shared.contract.errors import ErrorCode
from shared.waveform.compact import pack
from tests.server.ecg.ecg_world import ADMIN, DOCTOR, HEAD, OPERATOR, EcgWorld, a_record, caller, upload_facts

OTHER = caller(12, "另一采集员", "ecg_operator", station="ECG-PC-2")
VENDORS = b"<ecg>" + bytes(range(256)) * 40 + b"</ecg>"


@pytest.fixture
def station(world_of_kind: EcgWorld) -> EcgWorld:
    world_of_kind.handlers |= collect(*build_ecg_lines(world_of_kind.house, world_of_kind.traces).handlers)
    return world_of_kind


def a_report(**given: Any) -> lines.LineReport:
    usual = dict.fromkeys(("waiting_bytes", "originals", "original_bytes", "urgent", "refused", "failures"), 0)
    moment = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
    return lines.LineReport(**{"waiting": 1, **usual, "oldest_at": moment, "bytes_per_s": 5000.0, **given})


def refused(world: EcgWorld, request: Any, who: Any = OPERATOR) -> Any:
    with pytest.raises(Refusal) as caught:
        world.ask(who, request)
    return caught.value.body


def sent(world: EcgWorld) -> tuple[str, int]:
    """A record that arrived packed for a thin line; its key and trace."""
    key, packed = secrets.token_hex(16), pack(a_record(seed=3), thin=True)
    exam = world.registered()
    made = world.upload(key=key, data=packed, name="record.mje", exam_id=exam.row.id)
    return key, made.trace.id


def begin(key: str, data: bytes = VENDORS) -> lines.BeginOriginal:
    return lines.BeginOriginal(key=key, name="cart.xml", size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest())


def held(world: EcgWorld, *keys: str) -> list[lines.Held]:
    return [view.held for view in world.ask(OPERATOR, lines.CompareLine(keys=keys))]


def test_a_report_takes_the_place_of_the_last(station: EcgWorld) -> None:
    station.ask(OPERATOR, lines.ReportLine(report=a_report(waiting=3)))
    station.ask(OPERATOR, lines.ReportLine(report=a_report(waiting=2)))
    station.ask(OTHER, lines.ReportLine(report=a_report(waiting=1, urgent=1)))
    views = station.ask(HEAD if HEAD.may(lines.ListLines.permission) else ADMIN, lines.ListLines())
    assert [(view.station, view.report.waiting) for view in views] == [("ECG-PC-2", 1), ("ECG-PC-1", 2)]
    assert not any(view.is_silent for view in views)
    station.clock.forward(minutes=11)
    assert all(view.is_silent for view in station.ask(ADMIN, lines.ListLines()))
    station.ask(OTHER, lines.ReportLine(report=a_report(waiting=0, urgent=0)))
    station.clock.forward(minutes=60)
    silent = {view.station: view.is_silent for view in station.ask(ADMIN, lines.ListLines())}
    assert silent == {"ECG-PC-1": True, "ECG-PC-2": False}, "who has nothing to send may be silent"
    assert refused(station, lines.ReportLine(report=a_report(waiting=-1))).field == "report"


def test_each_hospital_sees_its_own_lines(station: EcgWorld) -> None:
    clinic = station.second_campus()
    nurse = caller(30, "乡镇护士", "ecg_operator", station="CLINIC-PC", campus_ids=(clinic,))
    station.ask(nurse, lines.ReportLine(report=a_report(waiting=4, failures=2)))
    station.ask(OPERATOR, lines.ReportLine(report=a_report(waiting=1)))
    here = caller(31, "本部管理员", "ecg_admin", campus_ids=(station.campus_id,))
    there = caller(32, "乡镇管理员", "ecg_admin", campus_ids=(clinic,))
    assert [one.station for one in station.ask(ADMIN, lines.ListLines())] == ["CLINIC-PC", "ECG-PC-1"]
    [first, _second] = station.ask(there, lines.ListLines())
    assert (first.hospital, first.report.failures) == ("乡镇卫生院", 2)
    assert [one.station for one in station.ask(here, lines.ListLines())] == ["ECG-PC-1"]  # of no one hospital


def test_both_sides_learn_what_is_held(station: EcgWorld) -> None:
    key, trace = sent(station)
    packed = pack(a_record(seed=9), thin=True)
    begun = secrets.token_hex(16)
    exam = station.registered().row.id
    station.ask(OPERATOR, BeginUpload(key=begun, facts=upload_facts("record.mje", packed, exam_id=exam)))
    nothing = secrets.token_hex(16)
    assert held(station, nothing, begun, key) == [lines.Held.NOTHING, lines.Held.PART, lines.Held.RECORD]
    assert station.ask(OPERATOR, lines.CompareLine(keys=(key,)))[0].trace_id == trace
    assert refused(station, FinishUpload(key=begun)).state == "incomplete"
    assert refused(station, lines.CompareLine(keys=(key,) * 501)).field == "keys"


def test_a_vendors_file_follows_in_chunks_and_lies_beside_its_trace(station: EcgWorld) -> None:
    key, trace = sent(station)
    assert station.ask(OPERATOR, begin(key)) == lines.OriginalView(key=key, offset=0, complete=False)
    first = lines.AppendOriginal(key=key, offset=0, data=VENDORS[:4000])
    assert station.ask(OPERATOR, first).offset == 4000
    assert station.ask(OPERATOR, first).offset == 4000, "the same chunk again writes nothing"
    assert refused(station, lines.FinishOriginal(key=key)).state == "incomplete"
    assert station.ask(OPERATOR, begin(key)).offset == 4000, "after a cut it goes on here"
    station.ask(OPERATOR, lines.AppendOriginal(key=key, offset=4000, data=VENDORS[4000:]))
    for _ in range(2):  # the answer may have been lost
        assert station.ask(OPERATOR, lines.FinishOriginal(key=key)).complete
    assert station.ask(OPERATOR, begin(key)).complete
    assert station.ask(OPERATOR, first).complete
    assert held(station, key) == [lines.Held.ORIGINAL]
    files = station.ask(ADMIN if ADMIN.may(GetOriginal.permission) else DOCTOR, GetOriginal(trace_id=trace))
    assert [file.data for file in files].count(VENDORS) == 1
    assert any(file.name == "cart.xml" for file in files)


def test_an_end_that_comes_while_another_completes_finds_it_done(
    station: EcgWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, _trace = sent(station)
    station.ask(OPERATOR, begin(key))
    station.ask(OPERATOR, lines.AppendOriginal(key=key, offset=0, data=VENDORS))
    alone, others = UploadFolder.alone, []

    def after_another(folder: UploadFolder, key: str) -> AbstractContextManager[None]:
        monkeypatch.setattr(UploadFolder, "alone", alone)
        others.append(station.ask(OPERATOR, lines.FinishOriginal(key=key)))
        return alone(folder, key)

    monkeypatch.setattr(UploadFolder, "alone", after_another)
    assert [station.ask(OPERATOR, lines.FinishOriginal(key=key))] == others


def test_two_ends_at_once_keep_one_file(station: EcgWorld) -> None:
    key, trace = sent(station)
    station.ask(OPERATOR, begin(key))
    station.ask(OPERATOR, lines.AppendOriginal(key=key, offset=0, data=VENDORS))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _n: station.ask(OPERATOR, lines.FinishOriginal(key=key)).complete, range(2)))
    assert answers == [True, True]
    files = station.ask(DOCTOR if DOCTOR.may(GetOriginal.permission) else ADMIN, GetOriginal(trace_id=trace))
    assert [file.data for file in files].count(VENDORS) == 1


def test_what_comes_damaged_begins_anew(station: EcgWorld) -> None:
    key, _trace = sent(station)
    station.ask(OPERATOR, begin(key))
    station.ask(OPERATOR, lines.AppendOriginal(key=key, offset=0, data=bytes(len(VENDORS))))
    assert refused(station, lines.FinishOriginal(key=key)).field == "sha256"
    assert station.ask(OPERATOR, begin(key)).offset == 0
    assert refused(station, lines.AppendOriginal(key=key, offset=0, data=VENDORS + b"more")).code is ErrorCode.TOO_LARGE


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"key": "../../x"}, "key"),
        ({"name": " "}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"size_bytes": 0}, "size_bytes"),
        ({"size_bytes": 1 << 40}, "size_bytes"),
        ({"sha256": "x"}, "sha256"),
    ],
)
def test_impossible_files_are_refused(world: EcgWorld, change: dict[str, Any], field: str) -> None:
    world.handlers |= collect(*build_ecg_lines(world.house, world.traces).handlers)
    usual = {"key": "ab" * 16, "name": "a", "size_bytes": 1, "sha256": "0" * 64}
    assert refused(world, lines.BeginOriginal(**{**usual, **change})).field == field
    assert refused(world, begin("cd" * 16)).code is ErrorCode.NOT_FOUND
    assert refused(world, lines.AppendOriginal(key="ab" * 16, offset=0, data=b"x")).code is ErrorCode.NOT_FOUND
