"""Templates, coded values and their search on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from server.bootstrap.structured import build_structured
from server.kernel.database import Database
from shared.contract.structured import CodedCondition, FindCodedReports, SaveFormTemplate
from shared.domain.structured import FieldValue
from shared.domain.structured_form import new_form
from tests.databases import KINDS, a_database
from tests.server.reporting.reporting_world import FULL, LI, ZHAO, World
from tests.structured_samples import nodule_template


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with a_database(request.param, tmp_path) as database:
        yield database


def test_a_form_is_kept_coded_and_found(database: Database) -> None:
    world = World(database)
    structured = build_structured(world.reports, world.time)
    report_id = world.a_report()
    with database.write() as uow:
        assert structured.templates.install(uow) == 10
        view = structured.templates.save(uow, LI, SaveFormTemplate(template=nodule_template()))
        structured.templates.publish(uow, LI, view.row.id, 1)
    form = msgspec.structs.replace(
        new_form(view.template, view.row.id, 1),
        values={
            "nodules.1.lobe": FieldValue(options=("rul",)),
            "nodules.1.size": FieldValue(number=8.25),
            "advice": FieldValue(text="50%_复查"),
        },
        items={"nodules": (1,)},
    )
    content = msgspec.structs.replace(FULL, form=form)
    with database.write() as uow:
        version = world.reports.write(uow, LI, report_id).version
        world.reports.submit(uow, LI, report_id, version, content, "只为试验")
        version = world.reports.audit(uow, ZHAO, report_id).version
        world.reports.approve(uow, ZHAO, report_id, version, content)
    with database.read() as uow:
        assert world.reports.get(uow, LI, report_id).content.form == form
        for condition, hits in (
            (CodedCondition(scheme="RADLEX", code="RID1303"), 1),
            (CodedCondition(path="nodules.size", at_least=8, at_most=8.5), 1),
            (CodedCondition(path="nodules.size", at_least=9), 0),
            (CodedCondition(text="50%_"), 1),
            (CodedCondition(text="50__"), 0),
        ):
            found = structured.values.find(uow, ZHAO, FindCodedReports(conditions=(condition,)))
            assert found.total == hits, condition
    log = _forms(database, report_id)
    assert len(log) == 1 and "nodules" in log[0], "the form stands with the version of the text"


def _forms(database: Database, report_id: int) -> list[str]:
    from sqlalchemy import select

    from server.reporting.tables import ReportText

    with database.read() as uow:
        return list(uow.session.scalars(select(ReportText.form).where(ReportText.report_id == report_id)))
