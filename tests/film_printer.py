"""DCMTK's print server as the film printer of tests: it keeps what it prints as files that can be read back."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pydicom

from tests.receivers import free_port

HAS_PRINTER = shutil.which("dcmprscp") is not None
_CONFIG = """[[GENERAL]]
[DATABASE]
Directory = {db}
[NETWORK]
Aetitle = PRINTER
[PRINT]
Directory = {spool}
[APPLICATION]
LogDirectory = {log}
UsePrintserverLog = false
[[COMMUNICATION]]
[FULL]
Aetitle = PRINTER
Description = Test
Hostname = localhost
Port = {port}
Type = LOCALPRINTER
DisplayFormat = 1,1
FilmSizeID = 14INX17IN\\8INX10IN\\A4
MediumType = PAPER\\CLEAR FILM\\BLUE FILM
FilmDestination = MAGAZINE\\PROCESSOR
MagnificationType = REPLICATE\\BILINEAR\\CUBIC\\NONE
MaxDensity = 320
MinDensity = 20
MaxPDU = 32768
Supports12Bit = true
SupportsDecimateCrop = true
SupportsImageSize = true
SupportsTrim = true
SupportsPresentationLUT = true
"""


class FilmPrinterProcess:
    """A `dcmprscp` that can be switched off and on again at the same port."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.port = port or free_port()
        self.db = folder / "db"
        for name in ("db", "spool", "log"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self._config = folder / "dcmpstat.cfg"
        self._config.write_text(_CONFIG.format(db=self.db, spool=folder / "spool", log=folder / "log", port=self.port))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["dcmprscp", "-c", str(self._config), "-p", "FULL"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 15
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert time.monotonic() < end, "dcmprscp does not listen"
            time.sleep(0.02)

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            process.wait(10)

    def films(self, count: int) -> list[tuple[pydicom.Dataset, np.ndarray]]:
        """Stored Print object and pixels of each printed film, oldest first; waits for so many."""
        end = time.monotonic() + 15
        while True:
            prints = [p for p in self.db.glob("SP_*.dcm") if self._is_whole(p)]
            if len(prints) >= count or time.monotonic() > end:
                break
            time.sleep(0.02)
        found = sorted((pydicom.dcmread(p, force=True) for p in prints), key=lambda ds: str(ds.SOPInstanceUID))
        images = {str(i.SOPInstanceUID): i for i in (pydicom.dcmread(p, force=True) for p in self.db.glob("HG_*.dcm"))}
        films = []
        for stored in found:
            named = stored.ImageBoxContentSequence[0].ReferencedImageSequence[0].ReferencedSOPInstanceUID
            image = images[str(named)]
            pixels = np.frombuffer(image.PixelData, np.uint8)[: image.Rows * image.Columns]
            films.append((stored, pixels.reshape(image.Rows, image.Columns)))
        return films

    def _is_whole(self, path: Path) -> bool:
        try:
            return "ImageBoxContentSequence" in pydicom.dcmread(path, force=True)
        except (OSError, EOFError):
            return False


@contextmanager
def a_film_printer(folder: Path) -> Iterator[FilmPrinterProcess]:
    """A printer that is on."""
    printer = FilmPrinterProcess(folder)
    printer.start()
    try:
        yield printer
    finally:
        printer.stop()
