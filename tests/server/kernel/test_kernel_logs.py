"""Logs are one JSON object a line and never quote a patient."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from server.kernel.database import Database
from server.kernel.logs import JsonLines, PlainLines


def failing_record() -> logging.LogRecord:
    try:
        try:
            raise ValueError("张晓明 110105196804120017")
        except ValueError as error:
            raise RuntimeError("while saving 张晓明") from error
    except RuntimeError:
        return logging.LogRecord("a", logging.ERROR, "f.py", 1, "incident %s", ("7f",), sys.exc_info())


@pytest.mark.parametrize("formatter", [JsonLines(), PlainLines()])
def test_a_traceback_says_where_and_not_who(formatter: logging.Formatter) -> None:
    line = formatter.format(failing_record())
    assert "张晓明" not in line and "110105" not in line
    assert "RuntimeError" in line and "ValueError" in line and "test_kernel_logs.py" in line and "7f" in line


def test_a_message_cannot_forge_a_line() -> None:
    record = logging.LogRecord("a", logging.INFO, "f.py", 1, "from %s", ('x"}\n{"level": "ERROR"}\u2028',), None)
    line = JsonLines().format(record)
    assert "\n" not in line and json.loads(line)["message"].startswith("from x")
    assert "\n" not in PlainLines().format(record)


def test_a_database_error_names_no_values(tmp_path: Path) -> None:
    database = Database.in_folder(tmp_path)
    with pytest.raises(SQLAlchemyError) as failed, database.write() as uow:
        uow.session.execute(text("insert into nothing values (:name)"), {"name": "张晓明"})
    database.close()
    assert "张晓明" not in str(failed.value)
