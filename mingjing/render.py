"""`mingjing render`: pictures and arrays of frames, planes, slabs, curves and volumes, without a window.

A .npy holds float32 in modality units (HU, Bq/ml, SUV with --suv) before any window, NaN outside the volume;
colours are (rows, columns, 3): RGB as deep as it is stored, palettes as 8 bits. A .png is the same through a window.
Coordinates are the patient's (LPS, mm).
"""

from __future__ import annotations

import argparse
import math
import re
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mingjing import session

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clients.viewer.headless import Images
    from clients.viewer.study import Stack
    from shared.imaging.lut import LookupTable, Window
    from shared.imaging.suv import SuvFacts
    from shared.imaging.volume import Volume

_EPILOG = """\
SOURCE is a DICOM file, a folder, or the Study Instance UID of a study of the server (--connect or --data).

views
  frame   frame --index N, from 0, in the order in which the viewer shows the series; of a single
          multi-frame file the N-th frame of the file. The picture has the pixels of the frame.
  plane   --origin is the centre of the first pixel, --row the direction in which the column number
          grows, --column the direction in which the row number grows (as in Image Orientation),
          --size W,H pixels of --spacing mm. Trilinear; the hull of the voxel centres is the volume.
  slab    a plane with samples on its normal from -T/2 to +T/2 (both included), at most a sixteenth of
          a voxel apart and at each parallel slice; those outside the volume do not count; mean is
          the trapezoidal rule.
  cpr     a natural cubic spline through --points, one row of the picture for each --spacing of its
          length. straight: the curve is the middle column; across lies, at --angle 0, the patient's
          left (+x), carried along the curve without twist; the angle turns it about the curve.
          stretched: one fixed direction across (perpendicular to the line from first to last point);
          the surface that it sweeps along the curve is rolled out. --thickness looks across it, from
          -T/2 to +T/2 as in a slab.
  vr      --preset and --camera, --size W,H (512,512).

examples
  mingjing render ct/ --view plane --origin -100,-80,20 --row 1,0,0 --column 0,0,-1 \\
      --spacing 0.5 --size 400,300 --out coronal.png --window 400,40
  mingjing render pet/ --view frame --index 12 --suv --out slice.npy
"""


class Refused(Exception):
    """The picture cannot be made; the text is a sentence."""


def main(arguments: list[str]) -> int:
    """Make one picture. Status 0: made, 1: refused with a sentence, 2: wrongly called."""
    options = parser().parse_args(_with_equals(arguments))
    return session.explain(lambda: _run(options))


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    made = argparse.ArgumentParser(
        prog="mingjing render",
        description=(__doc__ or "").split("\n", maxsplit=1)[0],
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("source", metavar="SOURCE", help="file, folder or Study Instance UID")
    made.add_argument("--view", required=True, choices=["frame", "plane", "slab", "cpr", "vr"])
    made.add_argument("--out", required=True, type=Path, metavar="FILE", help="FILE.png or FILE.npy")
    made.add_argument("--series", default="", metavar="UID|N", help="series by UID or Series Number (default: largest)")
    made.add_argument("--phase", type=int, default=0, metavar="N", help="which of several volumes at one place, from 0")
    made.add_argument("--index", type=int, default=0, metavar="N", help="frame, from 0 (default: 0)")
    made.add_argument("--origin", type=_numbers(3), metavar="X,Y,Z")
    made.add_argument("--row", type=_numbers(3), metavar="X,Y,Z")
    made.add_argument("--column", type=_numbers(3), metavar="X,Y,Z")
    made.add_argument("--spacing", type=float, metavar="MM", help="cpr: default the smallest distance of voxels")
    made.add_argument("--size", type=_size, metavar="W,H", help="pixels")
    made.add_argument("--thickness", type=float, default=0.0, metavar="MM")
    made.add_argument("--projection", choices=["max", "min", "mean"], default="max", help="(default: max)")
    made.add_argument("--interpolation", choices=["linear", "nearest"], default="linear")
    made.add_argument("--points", type=Path, metavar="FILE", help="cpr: one X,Y,Z a line; # begins a remark")
    made.add_argument("--angle", type=float, default=0.0, metavar="DEGREES", help="cpr: turn about the curve")
    made.add_argument("--mode", choices=["straight", "stretched"], default="straight")
    made.add_argument("--width", type=float, default=60.0, metavar="MM", help="cpr: across the curve (default: 60)")
    made.add_argument("--preset", default="", help="vr: template")
    made.add_argument("--camera", default="A", help="vr: from where (default: A)")
    made.add_argument("--window", type=_numbers(2), metavar="W,L", help="of a .png: width, level")
    made.add_argument("--suv", action="store_true", help="values as SUV by body weight")
    session.add_options(made)
    return made


def _with_equals(arguments: Sequence[str]) -> list[str]:
    """``--origin -1,2,3`` as ``--origin=-1,2,3``: argparse takes the former for an option named -1,2,3."""
    joined: list[str] = []
    for word in arguments:
        if re.match(r"-[\d.]", word) and joined and re.fullmatch(r"--[a-z]+", joined[-1]):
            joined[-1] += "=" + word
        else:
            joined.append(word)
    return joined


def _numbers(count: int) -> Any:
    def numbers(text: str) -> tuple[float, ...]:
        parts = tuple(float(part) for part in text.split(","))
        if len(parts) != count:
            raise ValueError(text)
        return parts

    numbers.__name__ = f"{count} numbers"  # argparse names it in its message
    return numbers


def _size(text: str) -> tuple[int, int]:
    width, height = (int(part) for part in text.lower().replace("x", ",").split(","))
    return width, height


_size.__name__ = "size in pixels"


def _run(options: argparse.Namespace) -> int:
    from clients.viewer.headless import NotThere, images_of
    from shared.imaging.volume import NoVolume

    if options.out.suffix.lower() not in (".png", ".npy"):
        print("The name of the --out file ends in .png or .npy.", file=sys.stderr)
        return 2
    try:
        with ExitStack() as closing, images_of(options.source, lambda: _line(options, closing)) as images:
            values, voi, inverted, unit = _view(options, images)
    except (NotThere, NoVolume, Refused, ValueError) as reason:
        print(f"mingjing render: {reason}", file=sys.stderr)
        return 1
    try:
        _write(options, values, voi, inverted=inverted)
    except OSError as reason:
        print(f"mingjing render: {options.out} cannot be written: {reason.strerror}", file=sys.stderr)
        return 1
    print(f"{options.out}: {values.shape[1]} x {values.shape[0]} pixels{f', {unit}' if unit else ''}")
    return 0


def _line(options: argparse.Namespace, closing: ExitStack) -> Any:
    """A signed-in line to the server, closed with ``closing``."""
    from clients.viewer.server_studies import AdoptedLine

    client = closing.enter_context(session.signed_in(options))
    assert client.session is not None
    line = AdoptedLine(str(session.address(options)), client.session)
    closing.callback(line.close)
    return line


Viewed = tuple["NDArray[Any]", "Window | LookupTable | None", bool, str]
"""Values (float32, or uint8 RGB), the header's window, whether it is shown inverted, the unit."""


def _view(options: argparse.Namespace, images: Images) -> Viewed:
    import numpy as np

    if options.window and not (math.isfinite(options.window[1]) and 0 < options.window[0] < math.inf):
        raise Refused("The --window is a width above zero and a level.")
    if options.view == "frame":
        return _frame(options, images)
    stack = images.largest_volume(options.series, options.phase, "PT" if options.suv else "")
    _tell_which(options, images, stack)
    volume = images.volume(stack, options.phase)
    for finding in sorted(volume.findings):
        print(f"note: {_NOTES.get(finding.value, finding.value)}", file=sys.stderr)
    if options.suv:
        volume = volume.scaled(*_suv_factor(images.suv_facts(stack)))
    if options.view == "vr":
        from clients.viewer.vr.render import render_vr

        size = options.size or (512, 512)
        camera = _SIDES.get(options.camera.lower(), options.camera)
        picture = render_vr(volume, preset=options.preset.lower(), camera=camera, size=size)
        return picture.astype(np.float32), None, False, ""
    picture = _cpr(options, volume) if options.view == "cpr" else _plane(options, volume)
    if not np.isfinite(picture).any():
        print("note: all of the picture lies outside the volume", file=sys.stderr)
    return picture, volume.window, volume.inverted, volume.unit


def _tell_which(options: argparse.Namespace, images: Images, stack: Stack) -> None:
    """Say which of several series is shown when none was named."""
    from clients.viewer.headless import describe

    others = {other.series.series_uid for other in images.stacks} - {stack.series.series_uid}
    if others and not options.series:
        print(f"note: {describe(stack)} of {len(others) + 1} series; --series takes another", file=sys.stderr)


_SIDES = {"s": "H", "i": "F", "anterior": "A", "posterior": "P", "left": "L", "right": "R", "superior": "H"}
_SIDES |= {"inferior": "F", "head": "H", "feet": "F", "foot": "F"} | {side.lower(): side for side in "APLRHF"}

_NOTES = {
    "reversed": "the images are numbered against the direction of their normal",
    "gaps": "slices are missing; what lies between their neighbours is interpolated",
    "uneven": "the slices lie at uneven distances, each is used at its own place",
    "duplicates": "some places have more images than others; the first ones are used",
    "mixed orientations": "the directions of the slices differ; those that lie like most of them are used",
    "tilted": "the gantry was tilted; the slices are used where they truly lay",
}


def _frame(options: argparse.Namespace, images: Images) -> Viewed:
    import numpy as np

    largest = images.largest(options.series, "PT" if options.suv else "")
    _tell_which(options, images, largest)
    stack, index = images.located(largest, options.index)
    frame = images.frame(stack, index, deep=options.out.suffix.lower() == ".npy")
    header = stack.frame_header(index)
    if frame.ndim == 3:
        return frame.astype(np.float32), None, False, ""
    values, unit = header.modality(frame), header.modality.unit
    voi = header.voi[0] if header.voi else None
    if options.suv:
        factor, unit = _suv_factor(images.suv_facts(stack))
        values, voi = values * factor, None
    return values.astype(np.float32), voi, stack.image(index).inverted, unit


_NO_SUV = {
    "units": "the units of the series are no activity",
    "attenuation": "the images are not corrected for attenuation",
    "decay": "the images are not corrected for decay to a known time",
    "dose": "the header has no injected dose",
    "time": "the header has no usable times of injection and acquisition",
    "weight": "the header has no weight of the patient",
}


def _suv_factor(facts: SuvFacts | None) -> tuple[float, str]:
    """Factor from modality units to SUVbw and its unit; raises :class:`Refused`."""
    if facts is None:
        raise Refused("There is no SUV: the series is no PET.")
    factor = facts.factor()
    if factor is None:
        raise Refused(f"There is no SUV: {_NO_SUV.get(facts.problem, 'the header says too little')}.")
    return factor, "SUVbw g/ml"


def _plane(options: argparse.Namespace, volume: Volume) -> NDArray[Any]:
    from shared.imaging.reformat import Grid, Projection, reformat
    from shared.imaging.sampling import Interpolation

    missing = [n for n in ("origin", "row", "column", "spacing", "size") if getattr(options, n) is None]
    if missing:
        raise Refused(f"A {options.view} needs {', '.join('--' + name for name in missing)}.")
    if options.view == "slab" and not options.thickness > 0:
        raise Refused("A slab needs --thickness in mm.")
    grid = Grid.of(options.origin, _unit(options.row), _unit(options.column), options.spacing, options.size)
    return reformat(
        volume,
        grid,
        thickness_mm=options.thickness,
        projection=Projection(options.projection),
        interpolation=Interpolation(options.interpolation),
        exact=True,
    )


def _unit(direction: Sequence[float]) -> list[float]:
    length = math.hypot(*direction)
    if not (0 < length < math.inf):
        raise Refused("A direction is three numbers, not all of them zero.")
    return [value / length for value in direction]


def _cpr(options: argparse.Namespace, volume: Volume) -> NDArray[Any]:
    import numpy as np

    from shared.imaging.curved import CurveMode, curve_through, curved_picture, sheet_of
    from shared.imaging.reformat import MAX_SIDE, Projection, exact_count
    from shared.imaging.sampling import Interpolation

    if options.points is None:
        raise Refused("A curve needs --points FILE.")
    if not math.isfinite(options.angle):
        raise Refused("The --angle is a number of degrees.")
    if options.spacing is not None and not 0 < options.spacing < math.inf:
        raise Refused("The --spacing is a number of millimetres above zero.")
    if options.size and not 0 < options.size[1] <= MAX_SIDE:
        raise Refused(f"A curved picture has 1 to {MAX_SIDE} rows.")
    curve = curve_through(_points(options.points), options.spacing or min(volume.spacing))
    columns = options.size[0] if options.size else None
    sheet = sheet_of(curve, CurveMode(options.mode), options.width, options.angle, columns)
    picture = curved_picture(
        volume,
        sheet,
        thickness_mm=options.thickness,
        projection=Projection(options.projection),
        interpolation=Interpolation(options.interpolation),
        samples=exact_count(volume, options.thickness),
    )
    if options.size:  # cut off, or filled up below the end of the curve
        rows = options.size[1]
        missing = max(0, rows - len(picture))
        picture = np.pad(picture[:rows], ((0, missing), (0, 0)), constant_values=np.nan)
    return picture


def _points(path: Path) -> list[list[float]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{path} cannot be read.") from error
    points: list[list[float]] = []
    for number, line in enumerate(lines, 1):
        text = re.sub(r"[,;()\[\]]", " ", line.partition("#")[0]).split()
        if not text or (not points and [word.lower() for word in text] == ["x", "y", "z"]):
            continue
        try:
            point = [float(part) for part in text]
        except ValueError:
            point = []
        if len(point) != 3:
            raise Refused(f"Line {number} of {path} is no point X,Y,Z.")
        points.append(point)
    return points


# --- writing


def _write(
    options: argparse.Namespace, values: NDArray[Any], voi: Window | LookupTable | None, *, inverted: bool
) -> None:
    import numpy as np

    if options.out.suffix.lower() == ".npy":
        with options.out.open("wb") as file:
            np.save(file, values)
        return
    import cv2

    grey = values.astype(np.uint8) if values.ndim == 3 else _grey(options, values, voi, inverted=inverted)
    picture = cv2.cvtColor(grey, cv2.COLOR_RGB2BGR) if grey.ndim == 3 else grey
    encoded, data = cv2.imencode(".png", picture)
    if not encoded:
        raise OSError(0, "the picture cannot be encoded")
    options.out.write_bytes(data.tobytes())


def _grey(
    options: argparse.Namespace, values: NDArray[Any], voi: Window | LookupTable | None, *, inverted: bool
) -> NDArray[Any]:
    """uint8; black outside the volume."""
    import numpy as np

    from shared.imaging.lut import VoiFunction, Window, grey_of, window_of_range

    there = np.isfinite(values)
    if options.window:
        width, level = options.window
        function = VoiFunction.LINEAR_EXACT if options.suv or width < 1 else VoiFunction.LINEAR
        voi = Window(level, width, function)
    elif voi is None:
        low, high = np.percentile(values[there], (1, 99)) if there.any() else (0.0, 1.0)
        voi = window_of_range(float(low), float(high))
    grey = grey_of(np.where(there, values, 0), voi, inverted=inverted)
    grey[~there] = 0
    return grey
