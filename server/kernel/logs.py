"""Structured logs with rotation. Records carry ids and outcomes, never patient data."""

from __future__ import annotations

import json
import logging
import logging.handlers
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

_MAX_BYTES = 20 * 1024 * 1024
_KEEP_FILES = 10
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class JsonLines(logging.Formatter):
    """One JSON object a line; control characters from outside cannot forge a line (they are escaped by JSON)."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "thread": record.threadName,
            "process": record.process,
            "message": _CONTROL.sub("?", record.getMessage()),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def start_logging(folder: Path, name: str, level: str) -> None:
    """Send all logs of this process to `folder/name.log`; warnings and worse also to standard error."""
    folder.mkdir(parents=True, exist_ok=True)
    to_file = logging.handlers.RotatingFileHandler(
        folder / f"{name}.log", maxBytes=_MAX_BYTES, backupCount=_KEEP_FILES, encoding="utf-8"
    )
    to_file.setFormatter(JsonLines())
    to_screen = logging.StreamHandler(sys.stderr)
    to_screen.setLevel(logging.WARNING)
    to_screen.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [to_file, to_screen]
    root.setLevel(level)
    logging.captureWarnings(True)
    for noisy in ("alembic", "pynetdicom", "pydicom", "sqlalchemy"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
