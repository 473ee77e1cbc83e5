"""`mingjing measure`: lengths, angles, areas, statistics of regions and volumes of shapes, without a window."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any

from mingjing import session
from shared.imaging.geometry import PointMm
from shared.imaging.shapes.drawn import shapes_in
from shared.imaging.shapes.evaluation import Ground, NoSuchSeries, Picture, evaluated
from shared.imaging.shapes.lines import ShapeError

if TYPE_CHECKING:
    from clients.viewer.headless import Images
    from clients.viewer.study import Stack
    from shared.imaging.geometry import Plane
    from shared.imaging.volume import Volume

_LARGEST_FILE = 256 << 20
_ON_PLANE_MM = 0.5

_HELP = """\
SOURCE is a DICOM file, a folder, or a Study Instance UID on a server (--connect or --data).

FILE.json holds a list of shapes, or {"shapes": [...]}. Points are [x, y, z] in patient coordinates (LPS, mm), or
[column, row] of one image (whole numbers at pixel centres; then "image" names it: index from 0 or SOP Instance UID).

  {"id": "a", "kind": "length",    "points": [[x,y,z], [x,y,z]]}
  {"id": "b", "kind": "polyline",  "points": [[x,y,z], ...]}
  {"id": "c", "kind": "angle",     "points": [[side], [vertex], [side]]}
  {"id": "d", "kind": "cobb",      "points": [[a], [b], [c], [d]]}            the lines a-b and c-d
  {"id": "e", "kind": "circle",    "center": [x,y,z], "radius": mm}           optional "normal"
  {"id": "f", "kind": "ellipse",   "center": [x,y,z], "radii": [a, b]}        optional "row", "column" or "normal"
  {"id": "g", "kind": "rectangle", "points": [[corner], [opposite corner]]}   or four corners
  {"id": "h", "kind": "polygon",   "points": [[x,y,z], ...]}
  {"id": "i", "kind": "point",     "points": [[x,y,z]]}
  {"id": "j", "kind": "sphere",    "center": [x,y,z], "radius": mm}
  {"id": "k", "kind": "box",       "center": [x,y,z], "size": [mm, mm, mm]}
  {"id": "n", "kind": "cylinder",  "points": [[end], [end]], "radius": mm}    or "center", "axis", "height"
  {"id": "l", "kind": "volume",    "contours": [[[x,y,z], ...], ...]}
  {"id": "m", "kind": "region",    "seed": [x,y,z], "range": [low, high]}

The answer holds for each shape length_mm, angle_deg, area_mm2, perimeter_mm, mean, sd (of the population), min, max,
count, unit, value, volume_mm3 and volume_ml as they apply, or an "error" sentence. docs/guide/measuring.md tells all.

example
  echo '[{"id": "a", "kind": "length", "points": [[0, 0, 0], [30, 40, 0]]},
         {"id": "b", "kind": "sphere", "center": [0, 0, 0], "radius": 10}]' > shapes.json
  mingjing measure ct/ --shapes shapes.json --json
"""


def main(arguments: list[str]) -> int:
    """Run the word; returns 0, 1 when a shape could not be measured, 2 when source or file could not be read."""
    parser = argparse.ArgumentParser(
        prog="mingjing measure",
        description="Measure shapes on images.",
        epilog=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", metavar="SOURCE", help="file, folder, or Study Instance UID on a server")
    parser.add_argument("--shapes", required=True, metavar="FILE.json", help="the shapes; - for standard input")
    parser.add_argument("--series", default="", help="which series: its UID, number or part of its description")
    parser.add_argument("--suv", action="store_true", help="PET values as SUV by body weight")
    parser.add_argument("--json", action="store_true", help="answer as one JSON list (default: a table)")
    session.add_options(parser)
    options = parser.parse_args(arguments)
    try:
        given = _read(options.shapes)
    except (OSError, ValueError) as error:
        return _complain(f"{options.shapes} cannot be read as shapes: {error}")

    from clients.viewer.headless import NotThere, images_of

    def run() -> int:
        try:
            with ExitStack() as closing, images_of(options.source, lambda: _line(options, closing)) as images:
                ground = _Grounds(images, options.series, suv=options.suv)
                ground.require_series()
                answers = [evaluated(shape, Ground(ground.volume, ground.picture, ground.slice)) for shape in given]
        except (NotThere, ShapeError) as failure:
            return _complain(str(failure))
        _print(answers, as_json=options.json)
        return 1 if any("error" in answer for answer in answers) else 0

    return session.explain(run)


def _line(options: argparse.Namespace, closing: ExitStack) -> Any:
    """A signed-in line to the server, closed with ``closing``."""
    from clients.viewer.server_studies import AdoptedLine

    client = closing.enter_context(session.signed_in(options))
    assert client.session is not None
    line = AdoptedLine(str(session.address(options)), client.session)
    closing.callback(line.close)
    return line


def _read(name: str) -> list[Any]:
    if name == "-":
        raw = sys.stdin.buffer.read(_LARGEST_FILE + 1)
    else:
        with Path(name).open("rb") as file:
            raw = file.read(_LARGEST_FILE + 1)
    if len(raw) > _LARGEST_FILE:
        raise ValueError("the file is larger than 256 MB")
    try:
        return shapes_in(json.loads(raw.decode("utf-8-sig")))
    except RecursionError as error:
        raise ValueError("it nests too deeply") from error


class _Grounds:
    """Which images a shape means: its own "series" and "image", those of the command line, else the fitting ones."""

    def __init__(self, images: Images, series: str, *, suv: bool) -> None:
        from shared.imaging.suv import SuvKind

        self._images = images
        self._series = series
        self._suv = suv
        self._volumes: dict[int, Volume | str] = {}  # or why there is none
        for stack in images.stacks:
            stack.suv = SuvKind.BW if suv else None

    def require_series(self) -> None:
        """The series of the command line is there. Raises :class:`ShapeError`."""
        self._candidates({})

    def _candidates(self, fields: Mapping[str, Any]) -> Sequence[Stack]:
        from clients.viewer.headless import NotThere

        wanted = str(fields.get("series") or self._series)
        try:
            return self._images.series(wanted)
        except NotThere as error:
            named = [stack for stack in self._images.stacks if wanted.lower() in stack.series.description.lower()]
            if named:
                return named
            raise NoSuchSeries(str(error)) from error

    def volume(self, fields: Mapping[str, Any]) -> Volume:
        """The largest stack that makes a volume; among several the one that holds the shape's first point."""
        import numpy as np

        stacks = sorted(self._candidates(fields), key=len, reverse=True)
        at = _first_place(fields)
        reasons: list[str] = []
        fallback: Volume | None = None
        for stack in stacks:
            volume = self._volume_of(stack)
            if isinstance(volume, str):
                reasons.append(volume)
                continue
            index = None if at is None else volume.to_index(at)
            if index is None or bool(((index > -1) & (index < np.array(volume.shape))).all()):
                return volume
            fallback = fallback or volume
        if fallback is not None:
            return fallback
        raise ShapeError(reasons[0] if reasons else "There are no images to measure on.")

    def _volume_of(self, stack: Stack) -> Volume | str:
        from clients.viewer.headless import NotThere
        from shared.imaging.volume import NoVolume

        known = self._volumes.get(id(stack))
        if known is None:
            try:
                known = self._images.volume(stack)
                self._require_suv(stack)
            except (NoVolume, NotThere) as error:
                known = str(error)
            self._volumes[id(stack)] = known
        return known

    def _require_suv(self, stack: Stack) -> None:
        """What is asked for as SUV is SUV, or refused."""
        from clients.viewer.headless import NotThere

        if self._suv and stack.series.modality == "PT":
            facts = stack.suv_facts
            if facts is None or facts.factor() is None:
                why = facts.problem if facts is not None and facts.problem else "the header does not tell enough"
                raise NotThere(f"The SUV cannot be computed: {why}.")

    def picture(self, fields: Mapping[str, Any]) -> Picture:
        """One frame; a single image needs no name."""
        from clients.viewer.headless import NotThere

        stacks = self._candidates(fields)
        image, frame = fields.get("image"), fields.get("frame", 0)
        if isinstance(frame, bool) or not isinstance(frame, int):
            raise ShapeError('"frame" must be a whole number from 0.')
        if isinstance(image, bool) or not isinstance(image, (str, int, NoneType)):
            raise ShapeError('"image" must be a whole number from 0 or a SOP Instance UID.')
        if isinstance(image, str) and not image.isdecimal():
            place = self._place_of(image, frame)
        else:
            if image is None and max(map(len, stacks)) > 1 and "frame" not in fields:
                raise ShapeError('Which image? Name it by "image" (index from 0 or SOP Instance UID) and "series".')
            largest = max(stacks, key=lambda stack: len(stack) * stack.shape[0] * stack.shape[1])
            try:
                place = self._images.located(largest, int(image) if image is not None else frame)
            except NotThere as error:
                raise ShapeError(str(error)) from error
        stack, index = place
        try:
            pixels = self._images.frame(stack, index)
            self._require_suv(stack)
        except NotThere as error:
            raise ShapeError(str(error)) from error
        header = stack.image(index)
        return Picture(
            pixels, stack.frame_header(index).modality, header, min(stack.frames[index].frame, len(header.frames) - 1)
        )

    def slice(self, fields: Mapping[str, Any], places: Sequence[Sequence[float]]) -> tuple[Picture, Plane] | None:
        """The nearest image whose plane holds all the places within half a millimetre."""
        from clients.viewer.headless import NotThere

        best: tuple[float, Stack, int, Plane] | None = None
        points = [PointMm(place[0], place[1], place[2]) for place in places]
        for stack in self._candidates(fields):
            for n in range(len(stack)):
                plane = stack.frame_header(n).plane
                if plane is None:
                    continue
                away = max(abs(plane.away_mm(point)) for point in points)
                if away <= _ON_PLANE_MM and (best is None or away < best[0]):
                    best = (away, stack, n, plane)
        if best is None:
            return None
        _, stack, n, plane = best
        try:
            pixels = self._images.frame(stack, n)
            self._require_suv(stack)
        except NotThere as error:
            raise ShapeError(str(error)) from error
        header = stack.image(n)
        frame = min(stack.frames[n].frame, len(header.frames) - 1)
        return Picture(pixels, stack.frame_header(n).modality, header, frame), plane

    def _place_of(self, uid: str, frame: int) -> tuple[Stack, int]:
        from clients.viewer.study import FrameKey

        for stack in self._images.stacks:
            index = stack.index_of(FrameKey(uid, frame))
            if index is not None:
                return stack, index
        raise ShapeError(f"No image has the UID {uid[:64]} (and frame {frame}).")


def _first_place(fields: Mapping[str, Any]) -> Sequence[float] | None:
    for name in ("centre", "corner", "seed", "points", "contours"):
        value = fields.get(name)
        while isinstance(value, (list, tuple)) and value and isinstance(value[0], (list, tuple)):
            value = value[0]
        if isinstance(value, (list, tuple)) and len(value) == 3:
            return [float(v) for v in value]
    return None


def _print(answers: Sequence[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        # NaN is no JSON; nothing here may be NaN, and a defect must not make a file that others cannot read.
        print(json.dumps(answers, ensure_ascii=False, allow_nan=False, indent=1))
        return
    for answer in answers:
        name = answer.get("id")
        values = [f"{key}={_shown(value)}" for key, value in answer.items() if key not in ("id", "kind")]
        print(f"{'-' if name is None else name}\t{answer.get('kind', '?')}\t{'  '.join(values)}")


def _shown(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _complain(sentence: str) -> int:
    print(f"mingjing measure: {sentence}", file=sys.stderr)
    return 2
