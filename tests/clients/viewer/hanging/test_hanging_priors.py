"""Priors that hanging fetches: how many a study wants, and which they are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from clients.viewer.hanging import builtin, priors
from clients.viewer.hanging.live import situation_of
from clients.viewer.history.model import Earlier
from clients.viewer.study import stacks_of
from tests.clients.viewer.hanging.hanging_builders import a_candidate, of
from tests.clients.viewer.viewer_builders import ROOT, a_study

NOW = a_study(uid=f"{ROOT}.now")


def situation() -> Any:
    return situation_of((NOW,), stacks_of(NOW), {})[0]


def an_exam(uid: str, when: str, description: str = "胸部平扫", **changes: Any) -> Earlier:
    return replace(Earlier(uid, when, ("CT",), description, 20), **changes)


def test_the_newest_of_the_same_part_is_chosen() -> None:
    exams = [
        an_exam("later", "2026-03-02T10:00"),
        an_exam("head", "2026-03-01T08:00", "头颅平扫"),
        an_exam("unnamed", "2026-02-28T08:00", ""),
        an_exam("mr", "2026-02-27T08:00", modalities=("MR",)),
        an_exam("offline", "2026-02-26T08:00", availability="OFFLINE"),
        an_exam("empty", "2026-02-25T08:00", images=0),
        an_exam("undated", ""),
        an_exam("newer", "2026-02-01T08:00"),
        an_exam("older", "2025-02-01T08:00"),
    ]
    assert [one.study_uid for one in priors.choose(exams, NOW, situation(), 9)] == ["newer", "older", "unnamed"]
    assert [one.study_uid for one in priors.choose(exams, NOW, situation(), 1)] == ["newer"]


def test_priors_are_missing_only_where_a_protocol_compares() -> None:
    protocols = builtin.protocols()
    assert priors.missing(protocols, situation()) == 1
    with_prior = of(a_candidate(1, Modality="CT"), a_candidate(2, 1, Modality="CT"))
    assert priors.missing(protocols, with_prior) == 0
    assert priors.missing([one for one in protocols if not one.priors], situation()) == 0
    assert priors.missing(protocols, of()) == 0
