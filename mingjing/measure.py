"""`mingjing measure`: lengths, angles, areas, statistics of regions and volumes of shapes, without a window."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mingjing import session
from mingjing.image_source import NoSource, NoVolume, OpenedImages, opened
from shared.imaging.shapes.drawn import shapes_in
from shared.imaging.shapes.evaluation import Ground, Picture, evaluated
from shared.imaging.shapes.lines import ShapeError

if TYPE_CHECKING:
    from clients.viewer.study import Stack
    from shared.imaging.volume import Volume

_LARGEST_FILE = 256 << 20

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
  {"id": "l", "kind": "volume",    "contours": [[[x,y,z], ...], ...]}
  {"id": "m", "kind": "region",    "seed": [x,y,z], "range": [low, high]}

The answer holds for each shape length_mm, angle_deg, area_mm2, perimeter_mm, mean, sd (of the population), min, max,
count, unit, value, volume_mm3 and volume_ml as they apply, or an "error" sentence. docs/guide/measuring.md tells all.
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

    def run() -> int:
        try:
            with opened(options.source, options) as images:
                ground = _Grounds(images, options.series, suv=options.suv)
                answers = [evaluated(shape, Ground(ground.volume, ground.picture)) for shape in given]
        except NoSource as failure:
            return _complain(str(failure))
        _print(answers, as_json=options.json)
        return 1 if any("error" in answer for answer in answers) else 0

    return session.explain(run)


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

    def __init__(self, images: OpenedImages, series: str, *, suv: bool) -> None:
        self._images = images
        self._series = series
        self._suv = suv
        self._refused: dict[int, str] = {}

    def _candidates(self, fields: Mapping[str, Any]) -> Sequence[Stack]:
        wanted = fields.get("series") or self._series
        if not wanted:
            return self._images.stacks
        found = self._images.find(str(wanted))
        if not found:
            raise ShapeError(f"No series is called {wanted}.")
        return found

    def volume(self, fields: Mapping[str, Any]) -> Volume:
        """The largest stack that makes a volume; among several the one that holds the shape's first point."""
        import numpy as np

        stacks = sorted(self._candidates(fields), key=len, reverse=True)
        at = _first_place(fields)
        reasons: list[str] = []
        fallback: Volume | None = None
        for stack in stacks:
            try:
                if id(stack) in self._refused:
                    raise NoVolume(self._refused[id(stack)])
                volume = self._images.volume(stack)
            except (NoVolume, NoSource) as error:
                self._refused[id(stack)] = str(error)
                reasons.append(str(error))
                continue
            volume = self._in_suv(stack, volume)
            index = None if at is None else volume.to_index(at)
            if index is None or bool(((index > -1) & (index < np.array(volume.shape))).all()):
                return volume
            fallback = fallback or volume
        if fallback is not None:
            return fallback
        raise ShapeError(reasons[0] if reasons else "There are no images to measure on.")

    def _in_suv(self, stack: Stack, volume: Volume) -> Volume:
        if not self._suv or stack.series.modality != "PT":
            return volume
        factor, unit = self._suv_of(stack)
        return volume.scaled(factor, unit)

    def _suv_of(self, stack: Stack) -> tuple[float, str]:
        from shared.imaging.suv import suv_facts

        facts = suv_facts(self._images.header_of(stack))
        factor = facts.factor()
        if factor is None:
            raise NoSource(f"The SUV cannot be computed: {facts.problem or 'facts are missing'} in the PET header.")
        return factor, f"SUVbw {facts.unit()}"

    def picture(self, fields: Mapping[str, Any]) -> Picture:
        """One frame; a single image needs no name."""
        from dataclasses import replace

        stacks = self._candidates(fields)
        image, frame = fields.get("image"), fields.get("frame", 0)
        if isinstance(frame, bool) or not isinstance(frame, int):
            raise ShapeError('"frame" must be a whole number from 0.')
        if isinstance(image, str) and not image.isdecimal():
            place = self._images.place_of(image, frame)
            if place is None:
                raise ShapeError(f"No image has the UID {image[:64]} (and frame {frame}).")
        else:
            if len(stacks) != 1 and image is None and len(stacks[0]) > 1:
                raise ShapeError('Which image? Name it by "image" (index from 0 or SOP Instance UID) and "series".')
            place = stacks[0], int(image) if image is not None else frame
        stack, index = place
        if not 0 <= index < len(stack):
            raise ShapeError(f"The series has {len(stack)} images; {index} is none of them (they count from 0).")
        try:
            pixels, header = self._images.frame(stack, index)
        except NoSource as error:
            raise ShapeError(str(error)) from error
        modality = stack.frame_header(index).modality
        if self._suv and stack.series.modality == "PT" and modality.table is None:
            factor, unit = self._suv_of(stack)
            modality = replace(
                modality, slope=modality.slope * factor, intercept=modality.intercept * factor, unit=unit
            )
        return Picture(pixels, modality, header, min(stack.frames[index].frame, len(header.frames) - 1))


def _first_place(fields: Mapping[str, Any]) -> Sequence[float] | None:
    for name in ("centre", "seed", "points", "contours"):
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
