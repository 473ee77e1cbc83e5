"""Defects of a workstation: logged and told with one number, without patient data; knows no Qt."""

from __future__ import annotations

import logging
import logging.handlers
import secrets
import traceback
from pathlib import Path

from clients.kit.settings import data_folder

log = logging.getLogger("mingjing.workstation")

LOG_BYTES = 2 * 1024 * 1024
LOG_FILES = 5


def record_incident(error: BaseException) -> str:
    """Log a defect and return its number.

    The kind of the error and the places in the code are logged, but not its message: a message may quote what somebody
    typed about a patient.
    """
    number = secrets.token_hex(4)
    frames: list[str] = []
    link: BaseException | None = error
    while link is not None:
        frames.append(type(link).__name__)
        frames += [
            f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(link.__traceback__)
        ]
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    log.error("incident %s\n%s", number, "\n".join(frames))
    return number


def start_log(name: str, folder: Path | None = None) -> Path:
    """Write this workstation's log into a rotating file (5 files of 2 MiB) and return its path."""
    place = (folder or data_folder()) / "logs"
    place.mkdir(parents=True, exist_ok=True)
    path = place / f"{name}.log"
    handler = logging.handlers.RotatingFileHandler(
        path, maxBytes=LOG_BYTES, backupCount=LOG_FILES - 1, encoding="utf-8", delay=True
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger("mingjing")
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    return path
