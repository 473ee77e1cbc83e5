"""Lossless codecs on real images, by modality: ratio and milliseconds an image, ours beside DCMTK's programs.

Run: PYTHONPATH=. python tests/benchmarks/bench_compress.py [--data FOLDER] [--each N]

Every image is first brought to explicit VR little endian; then each codec does it in turn, image by image, so that the
state of the machine counts alike for all. "ours" is the product's whole way: encode, wrap, read back, decode with the
product's decoder and (HTJ2K) a second one, compare bit for bit. DCMTK's programs start anew for each file, as they are
used; their start alone is measured too and printed.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from server.archive.keeping.codec import Left, compress
from server.archive.part10 import NotPart10, read_meta
from server.archive.receive import ObjectName, file_meta
from server.doors.dicom.ports import Refused
from server.doors.dicom.transcoding.frames import FrameTranscoder

EXPLICIT = "1.2.840.10008.1.2.1"
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
FOLDERS = ("ct", "cta", "mr", "pet_ct", "cr_dx", "mg", "xa", "rf", "nm", "us", "op_fundus", "vl_endoscopy")
PEERS = {
    "dcmcjpls": ("dcmcjpls", "+el"),
    "dcmcjpeg SV1": ("dcmcjpeg", "+e1"),
    "dcmcrle": ("dcmcrle",),
}


def native(path: Path) -> bytes | None:
    """A file as explicit VR little endian; None when it is no image that can be decoded without loss."""
    whole = path.read_bytes()
    try:
        what, offset = read_meta(whole[:20_000])
        data = memoryview(whole)[offset:]
        if what.transfer_syntax_uid == EXPLICIT:
            return whole
        plain = FrameTranscoder().transcode(data, what.transfer_syntax_uid, EXPLICIT)
    except (NotPart10, Refused):
        return None
    return file_meta(ObjectName(what.sop_class_uid, what.sop_instance_uid, EXPLICIT)) + plain


def ours(codec: str) -> Callable[[bytes, Path], int]:
    def run(file: bytes, _path: Path) -> int:
        return compress(memoryview(file), codec).size_bytes

    return run


def theirs(command: tuple[str, ...], target: Path) -> Callable[[bytes, Path], int]:
    def run(_file: bytes, path: Path) -> int:
        done = subprocess.run([*command, str(path), str(target)], capture_output=True, timeout=120, check=False)
        if done.returncode:
            raise Left(done.stderr.decode(errors="replace")[:80])  # type: ignore[arg-type]
        return target.stat().st_size

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--each", type=int, default=12, help="images of each kind")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        source, target = Path(temporary) / "in.dcm", Path(temporary) / "out.dcm"
        codecs = {"ours HTJ2K": ours("htj2k"), "ours JPEG-LS": ours("jpegls")}
        codecs |= {name: theirs(words, target) for name, words in PEERS.items() if shutil.which(words[0])}
        print(f"{'':14}{'images':>7}{'MB':>7}   " + "".join(f"{name:>22}" for name in codecs))
        for folder in FOLDERS:
            paths = sorted(path for path in (options.data / folder).rglob("*") if path.is_file())
            step = max(len(paths) // options.each, 1)
            before, count = 0, 0
            sizes: dict[str, int] = defaultdict(int)
            seconds: dict[str, float] = defaultdict(float)
            for path in paths[::step]:
                file = native(path)
                if file is None:
                    continue
                source.write_bytes(file)
                try:
                    results = {}
                    for name, run in codecs.items():
                        begun = time.perf_counter()
                        results[name] = (run(file, source), time.perf_counter() - begun)
                except Left:
                    continue  # left as it came, or refused by a peer: nothing to compare
                before, count = before + len(file), count + 1
                for name, (size, took) in results.items():
                    sizes[name] += size
                    seconds[name] += took
            if count:
                figures = (
                    f"{before / sizes[name]:>9.2f} : 1 {1e3 * seconds[name] / count:>7.1f} ms" for name in codecs
                )
                print(f"{folder:14}{count:>7}{before / 1e6:>7.1f}   " + "".join(f"{one:>22}" for one in figures))
        for name, words in PEERS.items():
            if shutil.which(words[0]):
                begun = time.perf_counter()
                for _ in range(10):
                    subprocess.run([words[0], "--version"], capture_output=True, check=False)
                print(f"start of {name}: {100 * (time.perf_counter() - begun):.1f} ms")


if __name__ == "__main__":
    main()
