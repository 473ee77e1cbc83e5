"""Turns a scanner's slide file into DICOM whole-slide objects, in a process of its own: parsers of such files are C.

`convert` is the caller's end. The child gets an order on its standard input, says how far it is in lines of JSON, and
ends with its caller. It opens no database and no socket.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from shared.dicomkit.headers import PatientFacts, SeriesFacts, StudyFacts
from shared.dicomkit.visible_light import SpecimenFacts, baseline_size

if TYPE_CHECKING:
    from shared.imaging.slide_files import SlideFile, SlideLevel

QUALITY = 90
"""Of JPEG tiles that are made anew (4:2:2)."""
SILENCE_S = 300.0
"""A child that says nothing for so long is ended."""
_ROOT = Path(__file__).resolve().parents[3]
_THREADS = 2
COMMAND = (sys.executable, "-m", "server.pathology.slides.converting")


class SlideOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Convert `source` into files in the empty folder `target`."""

    source: str
    target: str
    patient_id: str
    patient_name: str  # PN
    birth_date: str = ""  # DA
    sex: str = ""
    study_uid: str
    study_date: str = ""  # DT, local: 20261122091500
    accession: str = ""
    study_description: str = ""
    series_uid: str
    series_description: str = "Whole slide"
    specimen: str  # printed identifier of the slide
    specimen_uid: str
    stain: str = ""
    made_at: str  # ISO 8601, local
    mpp: float = 0.0  # micrometres per pixel where the file does not say
    with_label: bool = True


class SlideMade(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it: files in order (full resolution first), and what the viewer of lists wants to know."""

    files: tuple[str, ...] = ()
    columns: int = 0
    rows: int = 0
    mpp: float = 0.0  # micrometres, mean of both directions
    objective: float = 0.0
    vendor: str = ""
    kept_tiles: int = 0  # stored as the scanner had them
    made_tiles: int = 0  # encoded anew


class _Line(msgspec.Struct, frozen=True, omit_defaults=True):
    done: int = 0
    of: int = 0
    made: SlideMade | None = None
    fault: str = ""
    chinese: str = ""


class ConversionFailed(ValueError):
    """The slide cannot be converted; the text says why and what to do, `chinese` as well."""

    def __init__(self, english: str, chinese: str) -> None:
        super().__init__(english)
        self.chinese = chinese


def convert(order: SlideOrder, progress: Callable[[int, int], None]) -> SlideMade:
    """Do an order in a child process; `progress(tiles done, of)`, which may raise to stop. Raises ConversionFailed."""
    environment = dict(os.environ, PYTHONPATH=str(_ROOT))
    child = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, cwd=_ROOT)
    assert child.stdin is not None and child.stdout is not None
    watchdog = _Watchdog(child)
    last = _Line()
    try:
        child.stdin.write(msgspec.json.encode(order) + b"\n")
        child.stdin.flush()
        for text in child.stdout:
            watchdog.alive()
            last = msgspec.json.decode(text, type=_Line)
            if last.of:
                progress(last.done, last.of)
    except (OSError, msgspec.DecodeError):
        pass  # it died; what it said last tells
    finally:
        watchdog.over()
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            with contextlib.suppress(OSError):
                pipe.close()
    if last.made is not None:
        return last.made
    raise ConversionFailed(
        last.fault or "The slide file ended the program that reads it. It is damaged: copy it from the scanner again.",
        last.chinese or "读取这个切片文件的程序异常结束，文件已损坏，请从扫描仪重新复制。",
    )


class _Watchdog:
    """Kills a child that has been silent for too long."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        self._child = child
        self._timer: threading.Timer | None = None
        self.alive()

    def alive(self) -> None:
        self.over()
        self._timer = threading.Timer(SILENCE_S, self._child.kill)
        self._timer.daemon = True
        self._timer.start()

    def over(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


# --- the child -----------------------------------------------------------------------------------------------


def converted(order: SlideOrder, say: Callable[[int, int], None]) -> SlideMade:
    """Do an order here. Raises SlideFileError or ValueError."""
    from shared.dicomkit.whole_slide import LevelFacts, SlideCommon, write_level
    from shared.imaging.slide_files import SlideFile, SlideFileError

    with SlideFile(Path(order.source)) as slide:
        mpp = slide.facts.mpp or ((order.mpp, order.mpp) if order.mpp > 0 else None)
        if mpp is None:
            raise SlideFileError(
                "The file does not say how large a pixel is. Give it in micrometres per pixel (0.25 for 40x, 0.5 for"
                " 20x as a rule), else lengths on the slide would be wrong.",
                "文件没有说明像素的大小。请填写每像素的微米数（一般 40 倍为 0.25，20 倍为 0.5），"
                "否则切片上的测量会出错。",
            )
        common = SlideCommon(
            patient=PatientFacts(order.patient_id, order.patient_name, _day(order.birth_date), order.sex),
            study=StudyFacts(
                order.study_uid, order.accession, started=_moment(order.study_date), description=order.study_description
            ),
            specimen=SpecimenFacts(order.specimen, order.specimen_uid),
            made_at=dt.datetime.fromisoformat(order.made_at),
            profile=slide.colour_profile(),
            mpp=mpp,
            objective=slide.facts.objective,
            stain=order.stain,
            series=SeriesFacts(order.series_uid, 945, order.series_description),
            root=order.series_uid,
        )
        work = _Work(slide, say)
        files = []
        for number, level in enumerate(slide.levels, 1):
            flavour = "VOLUME" if number == 1 else "RESAMPLED"
            size, tile = (level.columns, level.rows), (level.tile_columns, level.tile_rows)
            path = Path(order.target) / f"level-{number:02d}.dcm"
            facts = LevelFacts(flavour, size, tile, slide.levels[0].columns / level.columns, number=number)
            write_level(common, facts, work.tiles(level), path)
            files.append(path)
        for name, flavour in (("label", "LABEL"), ("macro", "OVERVIEW")):
            picture = slide.picture(name) if order.with_label else None
            if picture is not None:
                number += 1
                size = (picture.shape[1], picture.shape[0])
                path = Path(order.target) / f"{flavour.lower()}.dcm"
                # How large a pixel of it is nobody says: a slide is 26 mm across (ISO 8037-1).
                shrink = 26_000 / min(size) / mpp[0]
                write_level(common, LevelFacts(flavour, size, size, shrink, number=number), [_jpeg(picture)], path)
                files.append(path)
        first = slide.levels[0]
        return SlideMade(
            files=tuple(str(path) for path in files),
            columns=first.columns,
            rows=first.rows,
            mpp=sum(mpp) / 2,
            objective=slide.facts.objective or 0.0,
            vendor=slide.facts.vendor,
            kept_tiles=work.kept,
            made_tiles=work.made,
        )


class _Work:
    """Tiles of all levels in the order of DICOM, encoded ahead in threads."""

    def __init__(self, slide: SlideFile, say: Callable[[int, int], None]) -> None:
        self._slide = slide
        self._say = say
        self._of = sum(level.grid[0] * level.grid[1] for level in slide.levels)
        self.kept = self.made = 0

    def tiles(self, level: SlideLevel) -> Iterator[bytes]:
        across, down = level.grid
        places = ((column, row) for row in range(down) for column in range(across))
        ahead: deque[Future[bytes]] = deque()
        with ThreadPoolExecutor(_THREADS, "tiles") as pool:
            for column, row in places:
                stored = self._stored(level, column, row)
                if stored is not None:
                    ahead.append(_known(stored))
                else:
                    ahead.append(pool.submit(self._encoded, level, column, row))
                    self.made += 1
                if len(ahead) > 8 * _THREADS:
                    yield self._next(ahead)
            while ahead:
                yield self._next(ahead)

    def _stored(self, level: SlideLevel, column: int, row: int) -> bytes | None:
        stored = self._slide.jpeg(level, column, row)
        if stored is None or baseline_size(stored) != (level.tile_rows, level.tile_columns):
            return None
        self.kept += 1
        return stored

    def _encoded(self, level: SlideLevel, column: int, row: int) -> bytes:
        return _jpeg(self._slide.pixels(level, column, row))

    def _next(self, ahead: deque[Future[bytes]]) -> bytes:
        tile = ahead.popleft().result()
        done = self.kept + self.made - len(ahead)
        if done % 64 == 0 or done == self._of:
            self._say(done, self._of)
        return tile


def _known(tile: bytes) -> Future[bytes]:
    future: Future[bytes] = Future()
    future.set_result(tile)
    return future


def _jpeg(values: object) -> bytes:
    """A baseline JPEG of uint8 [row, column, RGB] in YCbCr 4:2:2."""
    from io import BytesIO

    from PIL import Image

    out = BytesIO()
    Image.fromarray(values).save(out, "JPEG", quality=QUALITY, subsampling="4:2:2")  # type: ignore[arg-type]
    return out.getvalue()


def _day(text: str) -> dt.date | None:
    return dt.datetime.strptime(text, "%Y%m%d").date() if len(text) == 8 and text.isdigit() else None


def _moment(text: str) -> dt.datetime | None:
    return dt.datetime.strptime(text, "%Y%m%d%H%M%S") if len(text) == 14 and text.isdigit() else None


def _main() -> int:
    """One order, then the end; also when the caller is gone, for then the standard input ends."""

    def tell(line: _Line) -> None:
        sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
        sys.stdout.buffer.flush()

    def end_with_caller() -> None:
        while os.read(0, 4096):
            pass
        os._exit(3)

    text = b""
    while not text.endswith(b"\n"):
        text += os.read(0, 65536) or b"\n"
    order = msgspec.json.decode(text, type=SlideOrder)
    threading.Thread(target=end_with_caller, daemon=True).start()
    try:
        tell(_Line(made=converted(order, lambda done, of: tell(_Line(done, of)))))
    except (ValueError, OSError) as fault:
        tell(_Line(fault=str(fault), chinese=getattr(fault, "chinese", "")))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main())
