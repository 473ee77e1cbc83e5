"""Structured logs with rotation. Records carry ids and outcomes, never patient data."""

from __future__ import annotations

import json
import logging
import logging.handlers
import re
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

_MAX_BYTES = 20 * 1024 * 1024
_KEEP_FILES = 10
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class JsonLines(logging.Formatter):
    """One JSON object a line; control characters from outside cannot forge a line (they are escaped by JSON)."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "thread": record.threadName,
            "process": record.process,
            "message": _CONTROL.sub("?", record.getMessage()),
        }
        if record.exc_info:
            line["traceback"] = where_it_failed(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def where_it_failed(error: BaseException | None) -> list[str]:
    """Return types and places of an exception and its causes, never their texts: those may quote a patient."""
    lines: list[str] = []
    while error is not None:
        lines.append(type(error).__qualname__)
        lines += [
            f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
        ]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return lines


class PlainLines(logging.Formatter):
    """What the terminal of a server shows; exceptions as `where_it_failed`."""

    def format(self, record: logging.LogRecord) -> str:
        text = f"{record.levelname} {record.name}: {_CONTROL.sub('?', record.getMessage())}"
        if record.exc_info:
            text += "".join(f"\n    {line}" for line in where_it_failed(record.exc_info[1]))
        return text


def start_logging(folder: Path, name: str, level: str) -> None:
    """Send all logs of this process to `folder/name.log`; warnings and worse also to standard error."""
    folder.mkdir(parents=True, exist_ok=True)
    to_file = logging.handlers.RotatingFileHandler(
        folder / f"{name}.log", maxBytes=_MAX_BYTES, backupCount=_KEEP_FILES, encoding="utf-8"
    )
    to_file.setFormatter(JsonLines())
    to_screen = logging.StreamHandler(sys.stderr)
    to_screen.setLevel(logging.WARNING)
    to_screen.setFormatter(PlainLines())
    root = logging.getLogger()
    root.handlers[:] = [to_file, to_screen]
    root.setLevel(level)
    logging.captureWarnings(True)
    for noisy in ("alembic", "pynetdicom", "pydicom", "sqlalchemy"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
