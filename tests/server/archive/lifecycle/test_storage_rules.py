"""Which rule goes, what a store's growth says, which priors come along."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from server.archive.lifecycle.rules import (
    Prior,
    PriorRule,
    Rule,
    StudyFacts,
    applies,
    availability,
    deciding,
    fill_warning,
    forecast,
    priors_of,
    regions,
)
from server.kernel.storage.tiers import Role

NOW = datetime(2026, 11, 22, tzinfo=UTC)
TODAY = date(2026, 11, 22)


def a_rule(number: int = 1, after: int = 30, unused: int = 10, **values: Any) -> Rule:
    given: dict[str, Any] = {"institution": "", "aes": None, "modalities": frozenset(), "keep_in": frozenset({"near"})}
    return Rule(
        id=number, position=number, after=timedelta(days=after), unused=timedelta(days=unused), **(given | values)
    )


def a_study(days: float = 100, used: float | None = None, **values: Any) -> StudyFacts:
    given: dict[str, Any] = {"institution": "第一医院", "calling_ae": "CT1", "modalities": frozenset({"CT", "SR"})}
    last = None if used is None else NOW - timedelta(days=used)
    return StudyFacts(changed_at=NOW - timedelta(days=days), last_used_at=last, **(given | values))


@pytest.mark.parametrize(
    ("rule", "study", "wanted"),
    [
        (a_rule(), a_study(), True),
        (a_rule(), a_study(30), True),
        (a_rule(), a_study(29.9), False),
        (a_rule(), a_study(100, used=11), True),
        (a_rule(), a_study(100, used=9), False),
        (a_rule(after=5, unused=20), a_study(10), False),
        (a_rule(institution="第一医院"), a_study(), True),
        (a_rule(institution="第二医院"), a_study(), False),
        (a_rule(aes=frozenset({"CT1", "CT2"})), a_study(), True),
        (a_rule(aes=frozenset({"MR1"})), a_study(), False),
        (a_rule(aes=frozenset()), a_study(), False),
        (a_rule(modalities=frozenset({"CT"})), a_study(), True),
        (a_rule(modalities=frozenset({"MR"})), a_study(), False),
    ],
)
def test_a_rule_applies_when_all_its_conditions_hold(rule: Rule, study: StudyFacts, wanted: bool) -> None:
    assert applies(rule, study, NOW) is wanted


def test_the_rule_for_the_oldest_studies_goes_then_the_first() -> None:
    young, old, older = a_rule(1, 30), a_rule(2, 365), a_rule(3, 3650)
    twin = a_rule(4, 365)
    rules = [twin, older, young, old]
    assert deciding(rules, a_study(10), NOW) is None
    assert deciding(rules, a_study(100), NOW) is young
    assert deciding(rules, a_study(400), NOW) is old
    assert deciding(rules, a_study(4000), NOW) is older
    assert deciding(rules, a_study(4000, used=1), NOW) is None, "who is looked at stays where it is"


@pytest.mark.parametrize(
    ("roles", "wanted"),
    [
        ({Role.ONLINE, Role.OFFLINE}, "ONLINE"),
        ({Role.NEARLINE, Role.OFFLINE}, "NEARLINE"),
        ({Role.ARCHIVE}, "NEARLINE"),
        ({Role.OFFLINE}, "OFFLINE"),
    ],
)
def test_availability_is_that_of_the_nearest_store(roles: set[Role], wanted: str) -> None:
    assert availability(roles) == wanted


def test_a_store_that_grows_is_full_in_so_many_days() -> None:
    days = [(TODAY - timedelta(days=back), 1000 - 10 * back) for back in range(14)]
    assert forecast(days, 100).growth == 10
    assert forecast(days, 100).days == 10
    assert forecast(days, None).days is None
    assert forecast(days[:2], 100) == forecast([], 100)
    assert forecast([(day, 500) for day, _ in days], 100).days is None
    assert forecast([(day, -size) for day, size in days], 100).days is None
    jump = [*days, (TODAY - timedelta(days=40), 10**9)]
    assert forecast(jump, 100).growth == 10, "what is older than 14 days does not count"
    assert "10 天" in fill_warning("near", 100, None, 10)
    assert "已满" in fill_warning("near", 0, 1000, None)
    assert "10%" in fill_warning("near", 50, 1000, None)
    assert fill_warning("near", 500, 1000, 100) == ""


def a_prior(uid: str, day: str, modality: str = "CT", part: str = "CHEST") -> Prior:
    return Prior(uid, day, frozenset({modality}), frozenset({part} - {""}))


def test_related_priors_come_newest_first() -> None:
    priors = [
        a_prior("old", "20100101"),
        a_prior("a", "20240101"),
        a_prior("b", "20250101", "MR"),
        a_prior("c", "20260101", part="HEAD"),
        a_prior("d", "20250601", part=""),
        a_prior("e", "20230101", "US"),
    ]
    rule = PriorRule("CT", frozenset({"CT", "MR"}), True, 3, 10)
    assert priors_of("CT", ["胸部平扫"], priors, [rule], TODAY) == ["d", "b", "a"]
    assert priors_of("CT", ["未知部位"], priors, [rule], TODAY) == ["c", "d", "b"]
    assert priors_of("MR", ["胸部"], priors, [rule], TODAY) == []
    everything = PriorRule("", frozenset(), False, 2, 20)
    assert priors_of("US", [], priors, [everything, rule], TODAY) == ["c", "d"]
    assert priors_of("CT", ["胸部"], priors, [everything, rule], TODAY) == ["c", "d", "b", "a"]


def test_regions_are_known_in_chinese_and_in_dicom() -> None:
    assert regions(["颅脑平扫"]) == regions(["BRAIN"]) == regions(["Head"]) == {"HEAD"}
    assert regions(["胸腹部"]) == {"CHEST", "ABDOMEN"}
    assert regions(["", "全身"]) == frozenset()
