"""Rows, serials, drafts and reprints of the bench, without a window."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from clients.pathology.bench.labels import SYMBOLOGY, Printed, print_slides, symbology_of
from clients.pathology.grossing import drafts
from clients.pathology.grossing.rows import (
    GrossRow,
    entry_of,
    for_server,
    merged,
    problems_of,
    row_of,
    source_of,
    suggested_serial,
)
from shared.contract.pathology_papers import DrawSlideLabels, Symbology
from shared.contract.pathology_preparation import ReleaseLabels
from shared.contract.pathology_technique import BatchLine, BatchReport, BlockEntry, BlockView
from shared.domain.pathology import BlockState, TaskSource
from tests.clients.pathology.desk_fakes import a_desk
from tests.clients.pathology.fake_pathology import FakePathology

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
VALUES: dict[str, Any] = {
    "source": "常规", "serial": "", "grosser": "李取材", "grossed_at": NOW, "site": "胃窦", "pieces": 2, "unit": "块",
}  # fmt: skip


def block(serial: str, state: BlockState = BlockState.TO_VERIFY, **more: Any) -> BlockView:
    """A stored row."""
    values: dict[str, Any] = {
        field.name: None if "None" in str(field.type) else "" for field in msgspec.structs.fields(BlockView)
    }
    values.update(
        id=ord(serial), version=1, case_id=1, case_number="2600001", serial=serial, label=f"2600001-{serial}",
        code=f"2600001-{serial}.B7", source=TaskSource.ROUTINE, site="胃窦", pieces=2, unit="块", grosser="李取材",
        grossed_at=NOW, state=state, label_prints=0, sections=0, allowed=(),
    )  # fmt: skip
    return BlockView(**(values | more))


@pytest.mark.parametrize(
    ("taken", "several", "wanted"),
    [((), False, "1"), ((), True, "A"), (("1", "2"), True, "3"), (("A", "C"), False, "B"), (("9",), False, "10")],
)
def test_the_serial_goes_on_as_the_case_began(taken: tuple[str, ...], several: bool, wanted: str) -> None:
    rows = [GrossRow(-n, BlockEntry(serial=serial)) for n, serial in enumerate(taken, 1)]
    assert suggested_serial(rows, several=several) == wanted


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"serial": "A"}, "serial"),
        ({"serial": "甲"}, "serial"),
        ({"serial": "12345"}, "serial"),
        ({"pieces": 0}, "pieces"),
        ({"pieces": 1000}, "pieces"),
        ({"source": ""}, "source"),
    ],
)
def test_a_wrong_row_is_told_at_its_field(change: dict[str, Any], field: str) -> None:
    entry = entry_of(VALUES | change, None, "李取材", 7)
    assert set(problems_of(entry, [row_of(block("A"))], None)) == {field}
    assert problems_of(entry_of(VALUES, None, "李取材", 7), [row_of(block("A"))], None) == {}


def test_sources_are_picked_or_typed() -> None:
    assert source_of("脱钙") == (TaskSource.DECALCIFIED, "")
    assert source_of("骨髓活检") == (TaskSource.OTHER, "骨髓活检")


def test_the_own_name_goes_as_the_own_account_and_a_colleague_s_by_name() -> None:
    mine = entry_of(VALUES, None, "李取材", 7)
    assert (mine.grosser, for_server(mine, "李取材").grosser) == ("李取材", "")
    other = entry_of(VALUES | {"grosser": "王医生"}, None, "李取材", 7)
    assert for_server(other, "李取材").grosser == "王医生"


def test_typed_rows_stay_on_top_of_what_other_stations_do() -> None:
    stored = row_of(block("A"))
    changed = GrossRow(stored.id, msgspec.structs.replace(stored.entry, site="胃体"), stored.block, is_changed=True)
    new = GrossRow(-1, BlockEntry(serial="B", site="切缘"))
    kept = merged((changed, new), (block("A", version=2),))
    assert [(row.site, row.is_changed) for row in kept] == [("胃体", True), ("切缘", False)]
    verified = merged((changed, new), (block("A", BlockState.TO_EMBED),))
    assert verified[0].site == "胃窦" and not verified[0].is_changed
    again = merged((new,), (block("B", site="切缘", pieces=1),))  # it was stored, and the answer was lost
    assert len(again) == 1 and again[0].is_stored


def test_the_journal_brings_rows_back_and_passes_over_what_it_cannot_read() -> None:
    stored = row_of(block("A"))
    changed = GrossRow(stored.id, msgspec.structs.replace(stored.entry, site="胃体"), stored.block, is_changed=True)
    packed = drafts.packed((changed, GrossRow(-1, BlockEntry(serial="B", site="切缘"))))
    back = drafts.unpacked([*packed, {"id": "?"}, 5, {"id": -3, "entry": {"pieces": "many"}}], (stored,))
    assert [(row.site, row.is_changed) for row in back] == [("胃体", True), ("切缘", False)]
    assert drafts.unpacked("nonsense", (stored,)) == (stored,)


class Prints:
    """A desk whose server releases everything once, and again only when that was confirmed."""

    def __init__(self, folder: Path) -> None:
        self.house = FakePathology()
        self.desk, _ = a_desk(folder, self.house)
        self.desk.place.desk_settings = SimpleNamespace(get=lambda key, default="": default)  # type: ignore[misc]
        self.requests: list[Any] = []
        answers = self.house.connection.replies
        answers[ReleaseLabels] = self._release
        answers[DrawSlideLabels] = self._draw
        self.questions: list[tuple[str, ...]] = []
        self.answer = "stay"
        self.results: list[Printed] = []

    def _release(self, request: ReleaseLabels) -> BatchReport:
        self.requests.append(request)
        lines = [
            BatchLine(id=one, number=str(one), is_done=one != 9, message="请先扫描该玻片的蜡块")
            for one in request.slide_ids
        ]
        return BatchReport(lines=tuple(lines))

    def _draw(self, request: DrawSlideLabels) -> Any:
        self.requests.append(request)
        return SimpleNamespace(kind="pathology_slide_label")

    def ask(self, _sentence: str, choices: Any, answered: Any) -> None:
        self.questions.append(tuple(key for key, _words, _look in choices))
        answered(self.answer)

    def print(self, *slides: tuple[int, int]) -> None:
        views = [SimpleNamespace(id=one, label_prints=prints) for one, prints in slides]
        print_slides(self.desk, views, self.ask, ("code",), self.results.append)  # type: ignore[arg-type]


def test_a_reprint_asks_and_only_what_was_released_is_drawn(tmp_path: Path) -> None:
    made = Prints(tmp_path)
    made.print((1, 0), (9, 0))
    release, draw = made.requests
    assert (release.reprint, release.block_codes) == (False, ("code",)) and draw.slide_ids == (1,)
    assert made.results[0].done == (1,) and made.results[0].skipped == ("请先扫描该玻片的蜡块",)
    made.requests.clear()
    made.print((1, 1), (2, 0))
    assert made.questions == [("again", "fresh", "stay")] and made.requests == []
    made.answer = "fresh"
    made.print((1, 1), (2, 0))
    assert made.requests[0].slide_ids == (2,) and not made.requests[0].reprint
    made.requests.clear()
    made.answer = "again"
    made.print((1, 1))
    assert made.questions[-1] == ("again", "stay") and made.requests[0].reprint


def test_a_desk_prints_data_matrix_until_it_says_otherwise(tmp_path: Path) -> None:
    desk = Prints(tmp_path).desk
    assert symbology_of(desk) is Symbology.DATAMATRIX
    kept = {SYMBOLOGY: "code128"}
    desk.place.desk_settings = SimpleNamespace(get=lambda key, default="": kept.get(key, default))  # type: ignore[misc]
    assert symbology_of(desk) is Symbology.CODE128
    kept[SYMBOLOGY] = "qr"
    assert symbology_of(desk) is Symbology.DATAMATRIX
