"""`mingjing pathology slide convert FILE --out FOLDER`: a scanner's slide file as DICOM whole-slide objects."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from pathlib import Path


def main(argv: list[str]) -> int:
    """Run `mingjing pathology slide`; returns 0, or 1 when the file cannot be converted."""
    parser = argparse.ArgumentParser(prog="mingjing pathology slide")
    words = parser.add_subparsers(dest="word", required=True, metavar="WORD")
    convert = words.add_parser("convert", help="SVS, NDPI, MRXS, SCN, BIF, tiled TIFF … to DICOM whole-slide images")
    convert.add_argument("file", type=Path, help="the slide; an MRXS file needs its folder beside it")
    convert.add_argument("--out", type=Path, required=True, help="a folder that is empty or does not exist")
    convert.add_argument("--patient-id", default="")
    convert.add_argument("--patient-name", default="", help="as DICOM writes it: Zhang^San=张^三")
    convert.add_argument("--specimen", default="", help="the slide's number; without it the name of the file")
    convert.add_argument("--stain", default="", help="HE, Ki-67 …")
    convert.add_argument("--mpp", type=float, default=0.0, help="micrometres per pixel where the file does not say")
    convert.add_argument("--no-label", action="store_true", help="leave out label and overview: they may show the name")
    convert.add_argument("--json", action="store_true", help="what was made as JSON")
    return _convert(parser.parse_args(argv))


def _convert(options: argparse.Namespace) -> int:
    from server.pathology.slides.converting import ConversionFailed, SlideOrder
    from server.pathology.slides.converting import convert as convert_slide
    from shared.dicomkit.uids import new_uid

    out: Path = options.out
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        print(f"{out} is not empty; name another folder.", file=sys.stderr)
        return 1
    out.mkdir(parents=True, exist_ok=True)

    def show(done: int, of: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{done} / {of} tiles", end="" if done < of else "\n", file=sys.stderr, flush=True)

    order = SlideOrder(
        source=str(options.file.resolve()),
        target=str(out.resolve()),
        patient_id=options.patient_id,
        patient_name=options.patient_name,
        study_uid=new_uid(),
        series_uid=new_uid(),
        specimen=(options.specimen or options.file.stem)[:64],
        specimen_uid=new_uid(),
        stain=options.stain,
        made_at=dt.datetime.now().isoformat(timespec="seconds"),
        mpp=options.mpp,
        with_label=not options.no_label,
    )
    try:
        made = convert_slide(order, show)
    except ConversionFailed as fault:
        print(fault, file=sys.stderr)
        return 1
    if options.json:
        told = {name: getattr(made, name) for name in made.__struct_fields__}
        print(json.dumps(told, ensure_ascii=False, indent=1))
        return 0
    for path in made.files:
        print(path)
    scale = f"{made.columns} × {made.rows} pixels of {made.mpp:.4g} µm"
    print(f"{scale}; {made.kept_tiles} tiles kept as the scanner stored them, {made.made_tiles} encoded anew")
    return 0
