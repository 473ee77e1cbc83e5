"""Connections go to the worker process with the fewest associations."""

from __future__ import annotations

import time
from typing import Any, cast

import pytest

from server.doors.dicom.door import Listener
from server.doors.dicom.ports import DicomPorts, DoorSettings


@pytest.mark.parametrize(("loads", "taken_after", "pauses"), [([1, 1], 0, 0), ([2, 1], 3, 3), ([2, 1], 99, 8)])
def test_a_busier_worker_waits_until_another_took_the_connection(
    monkeypatch: pytest.MonkeyPatch, loads: list[int], taken_after: int, pauses: int
) -> None:
    """And not for ever: the other one may be about to die."""
    listener = Listener([], DicomPorts(peers=cast(Any, None)), DoorSettings(), loads, 0)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == taken_after:
            loads[1] += 1

    monkeypatch.setattr(time, "sleep", sleep)
    listener._yield_to_less_busy()
    listener.stop()
    listener.run()  # ends at once, and closes what it opened
    assert len(slept) == pauses and sum(slept) < 0.02
