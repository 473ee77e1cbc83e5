"""Figures of critical values against a count by hand, the workbook with the same numbers, the log that stays."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from server.critical.figures import Figures
from server.critical.tables import LoopLineRow
from server.kernel.database import migrate
from server.kernel.errors import Refusal
from shared.contract.critical import AcknowledgeCritical, CancelCritical, NotifyCritical
from shared.domain.critical import Means
from tests.databases import KINDS, an_empty_database
from tests.server.critical.critical_world import LI, WARD, ZHAO, CriticalWorld

DAY = date(2026, 3, 2)


def told_after(world: CriticalWorld, minutes: float, answered: float | None = None, **more: str) -> int:
    loop = world.a_loop(**more).loop
    world.clock.pass_time(minutes=minutes)
    with world.database.write() as uow:
        loop = world.critical.notify(
            uow, LI, NotifyCritical(loop_id=loop.id, version=loop.version, name="王护士", means=Means.PHONE)
        ).loop
    if answered is not None:
        world.clock.pass_time(minutes=answered - minutes)
        with world.database.write() as uow:
            version = world.details(loop.id).loop.version
            world.critical.acknowledge(uow, WARD, AcknowledgeCritical(loop_id=loop.id, version=version))
    return loop.id


@pytest.fixture
def busy(world: CriticalWorld) -> CriticalWorld:
    told_after(world, 2, 4)
    told_after(world, 6, 9, department="骨科")
    told_after(world, 12, 40)
    world.look()
    told_after(world, 1, code="AB01", finding="膈下游离气体", department="急诊科")
    cancelled = world.a_loop().loop
    with world.database.write() as uow:
        world.critical.cancel(uow, LI, CancelCritical(loop_id=cancelled.id, version=cancelled.version, reason="误报"))
    return world


def test_figures_are_those_of_a_count_by_hand(busy: CriticalWorld) -> None:
    with busy.database.read() as uow:
        found = Figures(busy.time).statistics(uow, ZHAO, DAY, DAY, None)
    whole = found.all
    assert (whole.count, whole.cancelled, whole.open, whole.notified_in_time) == (4, 1, 1, 3)
    assert whole.in_time_percent == 75.0
    assert (whole.median_notify, whole.median_acknowledge) == (4.0, 9.0)
    assert [(one.name, one.count) for one in found.by_department] == [("呼吸科", 2), ("急诊科", 1), ("骨科", 1)]
    assert [(one.name, one.count, one.median_acknowledge) for one in found.by_region] == [
        ("chest", 3, 9.0),
        ("abdomen", 1, None),
    ]
    assert [(one.name, one.count) for one in found.by_doctor] == [("李医生", 4)]
    with busy.database.read() as uow:
        empty = Figures(busy.time).statistics(uow, ZHAO, date(2026, 3, 3), date(2026, 3, 9), None)
        assert (empty.all.count, empty.all.in_time_percent, empty.all.median_notify) == (0, None, None)
        assert Figures(busy.time).statistics(uow, ZHAO, DAY, DAY, 99).all.count == 0
        for first, last in ((date(2026, 3, 3), DAY), (date(2024, 1, 1), DAY)):
            with pytest.raises(Refusal) as refused:
                Figures(busy.time).statistics(uow, ZHAO, first, last, None)
            assert refused.value.body.field == "last"


@pytest.mark.parametrize("english", [False, True])
def test_the_workbook_has_the_same_numbers(busy: CriticalWorld, english: bool) -> None:
    with busy.database.read() as uow:
        figures = Figures(busy.time).statistics(uow, ZHAO, DAY, DAY, None)
        sheet = Figures(busy.time).workbook(uow, ZHAO, DAY, DAY, None, english=english)
    book = load_workbook(io.BytesIO(sheet.content))
    assert len(book.sheetnames) == 4
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    assert [row[1] for row in rows[1:]] == [one.count for one in figures.by_department] + [figures.all.count]
    assert rows[-1][5:8] == (figures.all.in_time_percent, figures.all.median_notify, figures.all.median_acknowledge)
    assert book.worksheets[3].max_row == 1 + figures.all.count + figures.all.cancelled
    if english:
        text = "".join(str(cell) for ws in book for row in ws.iter_rows(max_row=1, values_only=True) for cell in row)
        assert text.isascii() and all(name.isascii() for name in book.sheetnames)


@pytest.mark.parametrize("kind", KINDS)
def test_the_database_itself_keeps_the_log(kind: str, tmp_path: Path) -> None:
    with an_empty_database(kind, tmp_path) as database:
        migrate.upgrade(database)
        world = CriticalWorld(database)
        loop = world.a_loop().loop
        for statement in (update(LoopLineRow).values(note="nothing happened"), delete(LoopLineRow)):
            with pytest.raises(DBAPIError, match="only ever added to"), database.write() as uow:
                uow.session.execute(statement)
        assert len(world.details(loop.id).lines) == 1
