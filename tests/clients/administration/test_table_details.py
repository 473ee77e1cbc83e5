"""Details of a row never widen their panel, however long a run of signs they have."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from clients.administration.table.details import DetailsView, breakable
from clients.administration.table.spec import Part
from clients.kit.panels import scrolling
from clients.kit.review import review

LONG = (
    "1.2.840.113619.2.55.3.604688119.868.1234567890.467",
    "|^~\\&|MINGJING|HOSPITAL|HIS|HOSPITAL|20261122093000||ORU^R01^ORU_R01|20261122093000123|P|2.5.1",
    "/data/archive/2026/11/22/series/image.dcm",
    "x" * 200,
    "0123456789abcdef" * 8,
)


@pytest.mark.parametrize("text", LONG)
def test_a_long_run_breaks_into_the_panel(qtbot: QtBot, text: str) -> None:
    view = DetailsView(lambda _action, _subject: None)
    area = scrolling(view)
    qtbot.addWidget(area)
    area.resize(320, 600)
    area.show()
    view.show_details((("内容", text),), [Part("消息内容", (("MSH", text),))], None)
    qtbot.waitUntil(lambda: review(area) == [], timeout=30_000)


@pytest.mark.parametrize("text", ["", "右肺上叶结节", "CT 2026-11-22 09:30", "Zhang^San", "短/短"])
def test_short_text_stays_as_it_is(text: str) -> None:
    assert breakable(text) == text


@pytest.mark.parametrize("text", LONG)
def test_nothing_is_lost_by_breaking(text: str) -> None:
    assert breakable(text).replace("\u200b", "") == text
