"""The order of a queue: classes, minutes ahead, ageing, and the place after 重新签到; examples and properties."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from server.queueing.order import OrderRules, in_order, order_class, order_key, rank_after, rank_of_return
from shared.domain.states import PatientType, Precedence, SignInPlace, TicketState

NOW = datetime(2026, 11, 21, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Standing:
    id: int
    patient_type: str
    rank_at: datetime
    state: str = TicketState.WAITING


def standing(number: int, minutes: float, patient_type: PatientType = PatientType.ORDINARY, **more: str) -> Standing:
    return Standing(number, patient_type, NOW + minutes * MINUTE, **more)


def ids(rules: OrderRules, *tickets: Standing) -> list[int]:
    return [ticket.id for ticket in in_order(rules, tickets, NOW)]


E, V = PatientType.EMERGENCY, PatientType.VIP


def test_emergency_then_vip_then_the_planned_time() -> None:
    assert ids(OrderRules(), standing(1, 0), standing(2, 30, V), standing(3, 50, E), standing(4, -5)) == [3, 2, 4, 1]


def test_a_hospital_may_give_minutes_instead_of_the_top_or_nothing() -> None:
    some = (standing(1, 0), standing(2, 20, V), standing(3, 40, V), standing(4, 100, E))
    ahead = OrderRules(emergency=Precedence.AHEAD, vip=Precedence.AHEAD, vip_ahead=30 * MINUTE)
    assert ids(ahead, *some) == [2, 1, 3, 4]
    assert ids(OrderRules(emergency=Precedence.NONE, vip=Precedence.NONE), *some) == [1, 2, 3, 4]


def test_who_has_waited_long_stands_with_the_vips_by_time_but_never_before_an_emergency() -> None:
    rules = OrderRules(ageing=60 * MINUTE)
    some = (standing(1, -60), standing(2, -59), standing(3, -10, V), standing(4, -70, V), standing(5, 10, E))
    assert ids(rules, *some) == [5, 4, 1, 3, 2]


def test_who_has_not_checked_in_stands_behind_all() -> None:
    absent = standing(1, -90, E, state=TicketState.NOT_SIGNED_IN)
    assert ids(OrderRules(), absent, standing(2, 10)) == [2, 1]


def test_signing_in_again_takes_the_place_the_hospital_chose() -> None:
    ranks = [NOW + timedelta(minutes=minute) for minute in (0, 10, 20)]
    assert rank_after(ranks, None, NOW) > ranks[-1]
    assert rank_after(ranks, 0, NOW) < ranks[0]
    assert ranks[0] < rank_after(ranks, 1, NOW) < ranks[1]
    assert rank_after(ranks, 7, NOW) > ranks[-1]
    assert rank_after([], None, NOW) == NOW


RULES = st.builds(
    OrderRules,
    emergency=st.sampled_from(Precedence),
    emergency_ahead=st.integers(0, 120).map(lambda minutes: minutes * MINUTE),
    vip=st.sampled_from(Precedence),
    vip_ahead=st.integers(0, 120).map(lambda minutes: minutes * MINUTE),
    ageing=st.one_of(st.none(), st.integers(1, 120).map(lambda minutes: minutes * MINUTE)),
    sign_in_place=st.sampled_from(SignInPlace),
    sign_in_after=st.integers(0, 6),
)
LINE = st.lists(
    st.tuples(st.sampled_from(PatientType), st.integers(-180, 180)), max_size=12, unique_by=lambda pair: pair[1]
).map(lambda pairs: [standing(number, minutes, kind) for number, (kind, minutes) in enumerate(pairs, start=1)])


@settings(max_examples=150, deadline=None)
@given(rules=RULES, line=LINE, later=st.integers(0, 200))
def test_the_order_is_total_keeps_everybody_and_no_emergency_ever_loses_to_age(
    rules: OrderRules, line: list[Standing], later: int
) -> None:
    now = NOW + later * MINUTE
    ordered = in_order(rules, line, now)
    assert sorted(one.id for one in ordered) == [one.id for one in line]
    assert len({order_key(rules, one, now) for one in line}) == len(line)
    for kind in PatientType:  # within one type, who was planned first is called first
        ranks = [one.rank_at for one in ordered if one.patient_type == kind]
        assert ranks == sorted(ranks)
    if rules.emergency is Precedence.FIRST:
        kinds = [one.patient_type == E for one in ordered]
        assert kinds == sorted(kinds, reverse=True)
    if rules.ageing is not None:
        limit = rules.ageing
        for before, after in pairwise(ordered):
            if now - after.rank_at >= limit and now - before.rank_at < limit:
                assert order_class(rules, before.patient_type, before.rank_at, now) <= 1  # only what ranks above age


@settings(max_examples=150, deadline=None)
@given(rules=RULES, line=LINE, kind=st.sampled_from(PatientType))
def test_coming_back_takes_the_chosen_place_among_the_own_class(
    rules: OrderRules, line: list[Standing], kind: PatientType
) -> None:
    own = order_class(OrderRules(rules.emergency, vip=rules.vip), kind, NOW, NOW)
    back = Standing(99, kind, rank_of_return(rules, kind, line, NOW))
    ordered = in_order(rules, [*line, back], NOW)
    peers = [one for one in ordered if one is not back and order_key(rules, one, NOW)[1] == own]
    before = [one for one in ordered[: ordered.index(back)] if one in peers]
    if order_key(rules, back, NOW)[1] != own:
        return  # the place itself is so early that it counts as having waited long
    expected = {
        SignInPlace.TOP: 0,
        SignInPlace.AFTER: min(rules.sign_in_after, len(peers)),
        SignInPlace.END: len(peers),
    }
    assert len(before) == expected[rules.sign_in_place]
