"""Workitems: every move of their states, and the same on both databases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from server.access.service import AccessService
from server.identity.service import IdentityService
from server.kernel.clock import SystemClock
from server.kernel.dispatch import SYSTEM
from server.worksteps.rules import StepError, StepState, check_move
from server.worksteps.service import Worksteps
from shared.contract.access import AccessScope
from tests.databases import KINDS, a_database

ALLOWED = {
    (StepState.SCHEDULED, StepState.IN_PROGRESS),
    (StepState.IN_PROGRESS, StepState.COMPLETED),
    (StepState.IN_PROGRESS, StepState.CANCELED),
}


@pytest.mark.parametrize("present", list(StepState))
@pytest.mark.parametrize("wanted", list(StepState))
@pytest.mark.parametrize("holds_lock", [True, False])
def test_every_pair_of_states(present: StepState, wanted: StepState, holds_lock: bool) -> None:
    if (present, wanted) in ALLOWED and (holds_lock or present is StepState.SCHEDULED):
        assert check_move(present, wanted, holds_lock=holds_lock, has_transaction=True) is wanted
        with pytest.raises(StepError) as refused:
            check_move(present, wanted, holds_lock=holds_lock, has_transaction=False)
        assert refused.value.status == 400
        return
    with pytest.raises(StepError) as refused:
        check_move(present, wanted, holds_lock=holds_lock, has_transaction=True)
    final = present in (StepState.COMPLETED, StepState.CANCELED)
    assert refused.value.status == (410 if final and present is wanted else 409)


def item(priority: str, at: str, label: str) -> dict[str, Any]:
    return {
        "00404005": {"vr": "DT", "Value": [at]},
        "00404041": {"vr": "CS", "Value": ["READY"]},
        "00741200": {"vr": "CS", "Value": [priority]},
        "00741204": {"vr": "LO", "Value": [label]},
    }


@pytest.mark.parametrize("kind", KINDS)
def test_on_both_databases(kind: str, tmp_path: Path) -> None:
    with a_database(kind, tmp_path) as database:
        steps = Worksteps(database, SystemClock())
        made = [
            steps.create("", item(priority, f"2026030{day}", f"No [{day}]"), "tests")[0]
            for day, priority in ((3, "LOW"), (1, "HIGH"), (2, "MEDIUM"))
        ]
        labels = [body["00741204"]["Value"][0] for body in steps.search({}, 0, 10)]
        assert labels == ["No [1]", "No [2]", "No [3]"]
        assert len(steps.search({0x00741204: "No [[1-2]*"}, 0, 10)) == 0
        assert len(steps.search({0x00741204: "No [?]"}, 0, 2)) == 2
        assert len(steps.search({0x00404005: "20260302-"}, 0, 10)) == 2
        steps.change_state(made[0], "IN PROGRESS", "1.2.3", "tests")
        assert len(steps.search({0x00741000: "IN PROGRESS"}, 0, 10)) == 1
        with pytest.raises(StepError):
            steps.change_state(made[0], "IN PROGRESS", "1.2.4", "tests")
        steps.request_cancel(made[1], {}, "tests")
        assert steps.retrieve(made[1])["00741000"]["Value"] == ["CANCELED"]
        access = AccessService(database, IdentityService(database, SystemClock(), "topic"), SystemClock())
        with database.write() as uow:
            secret = access.add(uow, SYSTEM, "tests", (AccessScope.UPS,), 1).secret
        holder = access.holder(secret)
        assert holder is not None and holder.scopes == {AccessScope.UPS}
