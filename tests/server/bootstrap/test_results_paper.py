"""The paper of a result is that edition's, or none: what was replaced is not drawn from the present text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from server.bootstrap.results import PaperOfReports, SourcesOfResults
from server.kernel.database import Database
from server.kernel.errors import Refusal, not_found
from shared.domain.states import ReportState
from tests.databases import a_database
from tests.server.reporting.reporting_world import LI, World


class Signed:
    """Signed papers by edition; making one makes that of the present edition."""

    def __init__(self, present: int) -> None:
        self.present, self.papers = present, dict[int, int]()

    def kept(self, uow: Any, report_id: int, edition: int, language: str = "zh") -> int:
        if edition not in self.papers:
            raise not_found("该版本的签名报告")
        return self.papers[edition]

    def paper(self, caller: Any, report_id: int, language: str = "zh") -> int | None:
        self.papers[self.present] = 100 + self.present
        return self.papers[self.present]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with a_database("sqlite", tmp_path) as database:
        yield database


def a_paper(world: World, signed: Signed | None) -> PaperOfReports:
    documents = SimpleNamespace(open_document=lambda _uow, _caller, key: f"paper {key}".encode())
    printer = SimpleNamespace(preview_report=lambda *_: SimpleNamespace(id=7))
    sources = SourcesOfResults(world.reports)
    return PaperOfReports(world.database, documents, printer, signed, world.reports, sources)  # type: ignore[arg-type]


def test_the_signed_paper_of_the_edition_is_taken_and_made_once(database: Database) -> None:
    world = World(database)
    report_id = world.report_in(ReportState.APPROVED)
    with database.read() as uow:
        view = world.reports.get(uow, LI, report_id)
    signed = Signed(view.edition)
    paper = a_paper(world, signed)
    assert paper.pdf(view, view.edition) == f"paper {100 + view.edition}".encode()
    signed.papers[view.edition] = 55
    assert paper.pdf(view, view.edition) == b"paper 55"
    assert a_paper(world, None).pdf(view, view.edition) == b"paper 7"


@pytest.mark.parametrize("has_signatures", [False, True])
def test_an_edition_that_was_replaced_has_no_paper_but_the_one_made_then(
    database: Database, has_signatures: bool
) -> None:
    world = World(database)
    report_id = world.report_in(ReportState.APPROVED)
    with database.read() as uow:
        view = world.reports.get(uow, LI, report_id)
    signed = Signed(2) if has_signatures else None
    paper = a_paper(world, signed)
    with pytest.raises(Refusal, match="当时没有生成纸质报告"):
        paper.pdf(msgspec.structs.replace(view, edition=2), 2)
    if signed is not None:
        signed.papers[2] = 9
        assert paper.pdf(view, 2) == b"paper 9"
