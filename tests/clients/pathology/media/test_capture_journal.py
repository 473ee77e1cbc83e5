"""Captures between click and server: whatever fails at whatever moment, each is on the server once or still here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clients.kit.sealed_files import SealedFiles
from clients.kit.sound import flac
from clients.kit.voice.sound import Sound, tone
from clients.pathology.media.journal import CaptureJournal
from clients.pathology.media.sending import DAMAGED, Sender
from server.kernel.errors import Refusal
from shared.contract import pathology_media as contract
from shared.contract.base import Request
from shared.contract.errors import EnvironmentTrouble, ErrorBody, ErrorCode, error_for
from shared.contract.pathology_media import MediaView
from shared.domain.pathology_media import MediaKind
from tests.server.pathology.media.media_house import CASE, DOCTOR, MediaHouse, a_key, facts, jpeg, video


class Line:
    """The server in process; `cuts` breaks the line after so many more calls, before or after the server acted."""

    def __init__(self, house: MediaHouse) -> None:
        self.house = house
        self.calls: list[Request[Any]] = []
        self.cuts: list[tuple[int, bool]] = []

    def __call__(self, request: Request[Any]) -> Any:
        self.calls.append(request)
        cut = next((after for at, after in self.cuts if at == len(self.calls)), None)
        if cut is False:
            raise EnvironmentTrouble(ErrorBody(code=ErrorCode.OFFLINE, message="没有连接。"))
        try:
            answer = self.house.call(request)
        except Refusal as refusal:
            raise error_for(refusal.body) from None
        if cut is True:
            raise EnvironmentTrouble(ErrorBody(code=ErrorCode.TIMEOUT, message="没有回答。"))
        return answer


class Desk:
    """Journal and sender of one life of the workstation."""

    def __init__(self, folder: Path, line: Line) -> None:
        self.journal = CaptureJournal(SealedFiles.for_user("wang", "captures", folder))
        self.done: list[tuple[str, MediaView]] = []
        self.refused: list[tuple[str, str]] = []
        self.sender = Sender(
            self.journal,
            line,
            lambda key, view: self.done.append((key, view)),
            lambda key, why: self.refused.append((key, why)),
        )


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    house = MediaHouse(tmp_path / "server")
    yield Line(house)
    house.database.close()


@pytest.fixture
def desk(tmp_path: Path, line: Line) -> Desk:
    return Desk(tmp_path / "client", line)


def strip(line: Line) -> tuple[MediaView, ...]:
    views: tuple[MediaView, ...] = line.house.call(contract.ListMedia(case_id=CASE))
    return views


def kept(line: Line, view: MediaView) -> bytes:
    with line.house.database.read() as uow:
        return line.house.service.open(uow, DOCTOR, view.id)


@pytest.fixture(autouse=True)
def no_live_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second desk in this process stands for a program started after a crash, which frees the first one's locks."""
    monkeypatch.setattr("clients.pathology.media.journal.CaptureJournal._is_left", lambda _self, _key: True)


def a_video(journal: CaptureJournal, *, ended: bool = True) -> str:
    key = journal.begin(facts(kind=MediaKind.VIDEO, media_type="video/x-msvideo", frame_rate=25.0))
    data = video()
    for at in range(0, len(data), 700):
        journal.append(key, data[at : at + 700])
    if ended:
        journal.end(key)
    return key


def test_a_picture_goes_to_the_server_and_leaves_the_journal(desk: Desk, line: Line) -> None:
    key = desk.journal.keep(facts(), jpeg())
    assert [one.key for one in desk.journal.waiting()] == [key]
    assert desk.sender.send_all()
    assert desk.journal.waiting() == () and [one[0] for one in desk.done] == [key]
    assert kept(line, strip(line)[0]) == jpeg()


def test_the_journal_cannot_be_read_by_others(desk: Desk, tmp_path: Path) -> None:
    desk.journal.keep(facts(camera="DSC-1"), jpeg())
    lying = b"".join(path.read_bytes() for path in (tmp_path / "client").rglob("*.sealed"))
    assert jpeg()[:40] not in lying and b"DSC-1" not in lying


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(1, 9))
def test_a_line_cut_at_any_call_keeps_everything_once(
    tmp_path: Path, desk: Desk, line: Line, at: int, after: bool
) -> None:
    picture, film = desk.journal.keep(facts(), jpeg()), a_video(desk.journal)
    line.cuts = [(at, after)]
    desk.sender.send_all()
    again = Desk(tmp_path / "client", line)  # the workstation was started again
    line.cuts = []
    assert again.sender.send_all()
    assert again.journal.waiting() == ()
    assert sorted(one.key for one in strip(line)) == sorted((picture, film))
    assert {one.duration_s for one in strip(line)} == {0.0, 0.2}


def test_a_crash_in_a_recording_keeps_what_was_recorded(tmp_path: Path, desk: Desk, line: Line) -> None:
    spoken = tone(440, 1.5, rate_hz=16_000).pcm()
    key = desk.journal.begin(facts(kind=MediaKind.VOICE, media_type="audio/flac"))
    desk.journal.append(key, spoken[:20_000])
    desk.journal.append(key, spoken[20_000:])
    film = a_video(desk.journal, ended=False)
    desk.journal.begin(facts(kind=MediaKind.VOICE, media_type="audio/flac"))
    assert desk.journal.waiting() == (), "nothing is sent while it runs"
    again = Desk(tmp_path / "client", line)
    assert again.sender.send_all() and again.journal.waiting() == ()
    by_key = {one.key: one for one in strip(line)}
    assert set(by_key) == {key, film}, "an empty recording is no recording"
    assert Sound.of_wav(flac.to_wav(kept(line, by_key[key]))).pcm() == spoken


def test_a_recording_is_never_taken_for_an_empty_one(desk: Desk, line: Line) -> None:
    """The sender looks at the journal at every moment of a recording; the worst are just after begin and end."""
    journal, files = desk.journal, desk.journal._files
    write, names = files.write, files.names
    made: list[str] = []

    def write_and_look(name: str, data: bytes) -> None:
        write(name, data)
        desk.sender.send_all()

    def end_while_looking() -> tuple[str, ...]:
        found = names()
        if made and journal.is_recording(made[-1]):
            files.names = names  # type: ignore[method-assign]
            journal.append(made[-1], video())
            journal.end(made[-1])
        return found

    files.write = write_and_look  # type: ignore[method-assign]
    made.append(a_video(journal))
    files.write = write  # type: ignore[method-assign]
    made.append(journal.begin(facts(kind=MediaKind.VIDEO, media_type="video/x-msvideo", frame_rate=25.0)))
    files.names = end_while_looking  # type: ignore[method-assign]
    desk.sender.send_all()
    assert desk.sender.send_all() and sorted(view.key for view in strip(line)) == sorted(made)


def test_another_window_of_the_same_user_leaves_a_running_recording_alone(
    tmp_path: Path, desk: Desk, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # real locks: both journals live
    film = a_video(desk.journal, ended=False)
    other = Desk(tmp_path / "client", line)
    assert other.sender.send_all() and strip(line) == ()
    desk.journal.append(film, video(2)[224:])
    desk.journal.end(film)
    assert other.sender.send_all() and [view.duration_s for view in strip(line)] == [pytest.approx(7 / 25)]
    assert desk.sender.send_all() and desk.refused == [] and desk.journal.waiting() == ()
    assert list((tmp_path / "client").rglob("*.lock")) == []


def test_a_refused_capture_stays_until_the_user_decides(desk: Desk, line: Line) -> None:
    key = desk.journal.keep(facts(), jpeg())
    line.house.cases.locked.add(CASE)
    assert desk.sender.send_all(), "nothing more can be done about it now"
    (one,) = desk.journal.waiting()
    assert one.refused.startswith("病例已审核") and desk.refused == [(key, one.refused)]
    calls = len(line.calls)
    desk.sender.send_all()
    assert len(line.calls) == calls, "it is not tried by itself"
    line.house.cases.locked.clear()
    desk.journal.try_again(key)
    assert desk.sender.send_all() and [view.key for view in strip(line)] == [key]


def test_a_damaged_journal_file_is_told_and_stops_nothing(desk: Desk, line: Line, tmp_path: Path) -> None:
    bad, good = desk.journal.keep(facts(), jpeg(10)), desk.journal.keep(facts(), jpeg(200))
    (path,) = (tmp_path / "client").rglob(f"capture-{bad}.sealed")
    path.write_bytes(path.read_bytes()[:-30])
    desk.sender.send_all()
    assert [one.key for one in strip(line)] == [good]
    assert desk.refused == [(bad, DAMAGED)]
    desk.journal.forget(bad)
    assert desk.journal.waiting() == ()


def test_what_came_damaged_is_sent_again(desk: Desk, line: Line) -> None:
    a_video(desk.journal)
    real, spoilt = line.house.call, []

    def spoiling(request: Request[Any], *more: Any) -> Any:
        if isinstance(request, contract.AppendMedia) and not spoilt:
            spoilt.append(request)
            request = contract.AppendMedia(key=request.key, offset=request.offset, data=bytes(len(request.data)))
        return real(request, *more)

    line.house.call = spoiling  # type: ignore[method-assign]
    assert desk.sender.send_all() and strip(line)[0].duration_s == 0.2


def test_a_large_picture_travels_in_chunks(desk: Desk, line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clients.pathology.media.sending.MAX_SINGLE_BYTES", 100)
    monkeypatch.setattr("clients.pathology.media.sending.MAX_CHUNK_BYTES", 150)
    desk.journal.keep(facts(), jpeg(), a_key())
    assert desk.sender.send_all()
    assert kept(line, strip(line)[0]) == jpeg()
    assert sum(isinstance(one, contract.AppendMedia) for one in line.calls) > 2
