"""The step of signatures: what was approved before becomes the first edition of its report."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from server.kernel.database import migrate
from tests.databases import KINDS, an_empty_database

AT = dt.datetime(2026, 3, 2, 4, 0, tzinfo=dt.UTC)


def a_value(column: Any) -> Any:
    """Something that fits the column."""
    if isinstance(column.type, sa.Boolean):
        return False
    if isinstance(column.type, sa.DateTime):
        return AT
    if isinstance(column.type, sa.LargeBinary):
        return b"{}"
    return 0 if isinstance(column.type, sa.Integer | sa.Float) else ""


@pytest.mark.parametrize("kind", KINDS)
def test_approved_reports_get_their_first_edition(kind: str, tmp_path: Path) -> None:
    with an_empty_database(kind, tmp_path) as database:
        migrate.upgrade(database, "0019")
        reports = sa.Table("reports", sa.MetaData(), autoload_with=database.engine)
        with database.engine.begin() as connection:
            for number, seal in ((1, "ab" * 32), (2, "")):
                row = {column.name: a_value(column) for column in reports.columns if not column.nullable}
                row |= {"id": number, "exam_id": number, "seal": seal, "sealed": b"{}", "text_number": 3}
                row |= {"auditing_id": 21, "auditing_doctor": "赵主任", "approved_at": AT if seal else None}
                connection.execute(sa.insert(reports).values(**row))
        migrate.upgrade(database, "0020")
        with database.engine.connect() as connection:
            kept = connection.execute(
                sa.text("SELECT report_id, number, kind, by_id, text_number, seal FROM report_editions")
            ).all()
            editions = connection.execute(sa.text("SELECT id, edition FROM reports ORDER BY id")).all()
        assert [tuple(row) for row in kept] == [(1, 1, "first", 21, 3, "ab" * 32)]
        assert [tuple(row) for row in editions] == [(1, 1), (2, 0)]
