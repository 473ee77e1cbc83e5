"""Hours of reading, sped up: memory, threads, file handles and Qt objects stay as they are."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

import imagecodecs
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from clients.viewer.loading import Arrived
from clients.viewer.study import FrameKey, StudyDescription
from clients.viewer.window import ViewerWindow
from tests.clients.viewer.viewer_builders import ROOT, MemorySource, a_series, a_study, pixels_of
from tests.clients.viewer.viewer_reading import Left, Reading

HTJ2K = "1.2.840.10008.1.2.4.201"
MOST_MIB = 25.0  # of growth that is noise of the allocator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it counts in /proc")


class PackedSource(MemorySource):
    """As MemorySource, with frames in HTJ2K."""

    def frames(self, keys: Sequence[FrameKey]) -> Iterator[Arrived]:
        for arrived in super().frames(keys):
            if arrived.data:
                image = self.images[arrived.key.sop_instance_uid]
                pixels = pixels_of(image, arrived.key.frame)
                yield Arrived(arrived.key, imagecodecs.htj2k_encode(np.ascontiguousarray(pixels), reversible=True))


def packed_studies(count: int) -> list[StudyDescription]:
    return [
        a_study(
            *(a_series(8 + 4 * n, series=str(10 * n + s + 1), side=64, transfer_syntax=HTJ2K) for s in range(2)),
            uid=f"{ROOT}.9.{n}",
        )
        for n in range(count)
    ]


def read_for(qtbot: QtBot, cycles: int) -> tuple[Left, Left]:
    studies = packed_studies(4)
    window = ViewerWindow(PackedSource(*studies))
    qtbot.addWidget(window)
    window.resize(800, 600)
    window.show()
    reading = Reading(window, [study.study_uid for study in studies])
    for _ in range(8):
        reading.cycle()
    before = reading.left()
    for _ in range(cycles):
        reading.cycle()
    after = reading.left()
    window.close()
    assert reading.images >= 16 * cycles
    return before, after


def test_an_afternoon_of_reading_leaves_nothing_behind(qtbot: QtBot) -> None:
    before, after = read_for(qtbot, 16)

    assert after.countable == before.countable
    assert after.mib - before.mib < MOST_MIB


@pytest.mark.slow
def test_a_day_of_reading_leaves_nothing_behind(qtbot: QtBot) -> None:
    """About 8 hours of exams every two minutes."""
    before, after = read_for(qtbot, 240)

    assert after.countable == before.countable
    assert after.mib - before.mib < MOST_MIB
