"""From the technician's button to the hall: milliseconds to paint and to the first sample of sound.

Run: PYTHONPATH=. python tests/benchmarks/bench_hall.py [--calls 30] [--voice neural]
A whole server in a process of its own, its sockets, a display with its real voice; only the loudspeaker is a counter.
Every call has a new name, so that no sentence is remembered. Limits: what a person takes for "at once" (300 ms on the
screen) and the second after which people press again (1,000 ms to the sound). Read the ratios.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from PySide6.QtCore import QCoreApplication, QEventLoop, QTimer
from server_process import running_server

from clients.display.app import Display, make_parser
from clients.display.board.state import Line
from clients.display.texts import ENTRIES
from clients.kit.app import make_application, wear
from clients.kit.server_connection import ServerConnection
from clients.kit.translations import register_catalogue
from shared.contract.exams import ItemEntry, PatientEntry, RegisterExam
from shared.contract.identity import CreateUser
from shared.contract.organisation import GetHospital
from shared.contract.queueing import CallNext
from shared.domain.states import Sex

PAINT_LIMIT_MS = 300.0
SOUND_LIMIT_MS = 1000.0
PASSWORD = "correct-horse-battery"
FAMILIES, GIVEN = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨", "小明建国志强丽华秀英"


class Counter:
    """A loudspeaker that notes when a sound begins and is done at once."""

    silent_reason: str | None = None

    def __init__(self) -> None:
        self.began: list[float] = []

    def play(self, wav: bytes, finished: Callable[[], None]) -> None:
        """The first sample would be heard now."""
        assert wav.startswith(b"RIFF")
        self.began.append(time.perf_counter())
        QTimer.singleShot(0, finished)

    def stop(self) -> None:
        """Nothing plays."""


def wait(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Let the window live until the condition holds."""
    end = time.perf_counter() + seconds
    while not condition():
        if time.perf_counter() > end:
            raise TimeoutError
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 5)


def line(name: str, taken_ms: list[float], limit_ms: float) -> dict[str, float]:
    """Print and return one figure."""
    ordered = sorted(taken_ms)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    median = statistics.median(ordered)
    print(
        f"{name:28} median {median:7.1f} ms   p95 {p95:7.1f} ms   p95 / limit {p95 / limit_ms:.2f}   n={len(ordered)}"
    )
    return {"median": median, "p95": p95, "ratio": p95 / limit_ms}


def main(arguments: list[str] | None = None) -> dict[str, dict[str, float]]:
    """All figures by name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=30)
    parser.add_argument("--voice", default="auto")
    given = parser.parse_args(arguments)
    make_application()
    register_catalogue(ENTRIES)
    wear("dark")
    with tempfile.TemporaryDirectory() as folder, running_server(Path(folder) / "data") as server:
        client = server.client()
        client.call(CreateUser(login="hall", name="hall", password=PASSWORD, roles=("display",)))
        hospital = client.call(GetHospital())
        room = next(room for room in hospital.rooms if "CT" in room.exam_types)
        item = next(item for item in hospital.exam_items if item.exam_type == "CT")
        entry = ItemEntry(code=item.code, name=item.name, body_part=item.body_part, price_fen=item.price_fen)
        for number in range(given.calls):
            name = FAMILIES[number % len(FAMILIES)] + GIVEN[number % 9 : number % 9 + 2]
            patient = PatientEntry(name=name, sex=Sex.MALE, birth_date=date(1950 + number % 60, 1 + number % 12, 3))
            client.call(
                RegisterExam(patient=patient, exam_type="CT", items=(entry,), campus_id=room.campus_id, room_id=room.id)
            )
        password_file = Path(folder) / "password"
        password_file.write_text(PASSWORD, encoding="utf-8")
        words = ["--connect", str(server.connection), "--user", "hall", "--password-file", str(password_file)]
        options = make_parser().parse_args([*words, "--voice", given.voice, "--window", "1920x1080"])
        speakers = Counter()
        display = Display(options, ServerConnection(options.connect), None, speakers)
        painted: list[float] = []
        shown: list[str] = []

        def on_painted() -> None:
            for call in display.view.state.speaking:
                if call.number not in shown:
                    shown.append(call.number)
                    painted.append(time.perf_counter())

        display.view.painted.connect(on_painted)
        wait(lambda: display.presenter.state.line is Line.ONLINE)
        paint_ms, sound_ms = [], []
        for number in range(given.calls):
            begin = time.perf_counter()
            client.call(CallNext(room_id=room.id))
            wait(lambda number=number: len(painted) > number and len(speakers.began) > number)  # type: ignore[misc]
            paint_ms.append((painted[number] - begin) * 1000)
            sound_ms.append((speakers.began[number] - begin) * 1000)
            wait(lambda: not display.presenter.state.speaking)
        figures = {
            "paint": line("call to paint", paint_ms, PAINT_LIMIT_MS),
            "first": line("first call to sound", sound_ms[:1], SOUND_LIMIT_MS),
            "sound": line("call to sound, new sentence", sound_ms[1:] or sound_ms, SOUND_LIMIT_MS),
        }
        display.close()
        client.close()
    return figures


if __name__ == "__main__":
    main()
