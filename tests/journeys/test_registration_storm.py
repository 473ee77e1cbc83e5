"""Clerks registering at once on a real server: nothing is given twice, and every open list follows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.registration_storm import Storm, play, report
from tests.server_process import running_server


def storm(data: Path, wanted: Storm) -> None:
    with running_server(data) as server:
        admin = server.client()
        try:
            outcome = play(server.connection, admin, wanted)
        finally:
            admin.close()
    assert not outcome.failures, outcome.failures[:3]
    assert len(outcome.registered) + outcome.taken == round(wanted.seconds * wanted.per_second)
    assert not any(outcome.doubled().values()) and not outcome.oversold
    assert outcome.never_followed == 0, report(wanted, outcome)


def test_thirty_clerks_at_once_never_share_a_number_ticket_or_slot(tmp_path: Path) -> None:
    storm(tmp_path, Storm(clerks=30, per_second=30, seconds=2, stations=4, with_slots=0.5))


@pytest.mark.slow
def test_a_morning_of_thirty_clerks(tmp_path: Path) -> None:
    storm(tmp_path, Storm(seconds=120))
