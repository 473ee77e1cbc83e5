"""Real CT images for the demo, taken from a package that ships them.

The source distribution of TotalSegmentator 2.18.0 (Apache License 2.0, Wasserthal and others, University Hospital
Basel) holds `tests/reference_files/example_ct_dicom`: twenty slices of an anonymous contrast CT of the trunk, 512x512,
JPEG 2000 lossless, as the scanner wrote them. pip fetches it by name and hash; the slices are kept in the user's cache.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

import platformdirs

PACKAGE = "TotalSegmentator==2.18.0"
SHA256 = "5d4223ef93973bc36d710869d11e7742ead2c154c72f7f9edcaaadd5b6c4bd03"
FOLDER = "totalsegmentator-2.18.0/tests/reference_files/example_ct_dicom/"
SLICES = 20
_MAX_SLICE_BYTES = 2_000_000
_DOWNLOAD_TIMEOUT_S = 300


@dataclass(frozen=True, slots=True)
class DemoImages:
    """Slices of one CT series, and a sentence that says where they come from."""

    files: tuple[Path, ...]
    origin: str
    is_real: bool


def demo_images(scratch: Path) -> DemoImages:
    """Return the real slices, fetching them the first time; without a network, synthetic ones made in `scratch`."""
    cache = Path(platformdirs.user_cache_dir("mingjing", appauthor=False)) / "demo-ct"
    files = _complete(cache)
    if not files:
        try:
            _fetch(cache)
        except (OSError, subprocess.SubprocessError, tarfile.TarError) as error:
            reason = f"{type(error).__name__}"
            return DemoImages(
                _synthetic(scratch), f"synthetic phantom (the real slices could not be fetched: {reason})", False
            )
        files = _complete(cache)
    return DemoImages(files, f"{PACKAGE}, source distribution, example_ct_dicom; Apache License 2.0", True)


def _complete(cache: Path) -> tuple[Path, ...]:
    files = tuple(sorted(cache.glob("*.dcm"))) if cache.is_dir() else ()
    return files if len(files) == SLICES else ()


def _fetch(cache: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "wanted.txt"
        wanted.write_text(f"{PACKAGE} --hash=sha256:{SHA256}\n", encoding="utf-8")
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
        command += ["--no-binary", ":all:", "--no-build-isolation", "--require-hashes", "-r", str(wanted), "-d", folder]
        subprocess.run(command, check=True, timeout=_DOWNLOAD_TIMEOUT_S, capture_output=True)
        archive = next(Path(folder).glob("*.tar.gz"))
        cache.mkdir(parents=True, exist_ok=True)
        with tarfile.open(archive) as tar:
            members = [m for m in tar if m.isfile() and m.name.startswith(FOLDER) and m.size <= _MAX_SLICE_BYTES]
            for number, member in enumerate(sorted(members, key=lambda m: m.name), 1):
                content = tar.extractfile(member)
                if content is not None:
                    (cache / f"{number:04d}.dcm").write_bytes(content.read())  # our own names, never the archive's


def _synthetic(scratch: Path) -> tuple[Path, ...]:
    from shared.dicomkit.synthetic import ct_series

    scratch.mkdir(parents=True, exist_ok=True)
    return tuple(Path(str(path)) for path in ct_series(scratch, slices=SLICES))
