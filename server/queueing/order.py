"""The order of a queue under the hospital's rules; pure, and the same for lists, calls, board and forecasts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from shared.domain.states import PatientType, Precedence, SignInPlace, TicketState

_FIRST_EMERGENCY, _FIRST_VIP, _REST = 0, 1, 2
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class OrderRules:
    """What decides the order. `ageing` None: nobody is raised for having waited; `sign_in_after`: with AFTER."""

    emergency: Precedence = Precedence.FIRST
    emergency_ahead: timedelta = timedelta(minutes=60)
    vip: Precedence = Precedence.FIRST
    vip_ahead: timedelta = timedelta(minutes=30)
    ageing: timedelta | None = None
    sign_in_place: SignInPlace = SignInPlace.END
    sign_in_after: int = 3


class Standing(Protocol):
    """What the order looks at; rows of tickets are such."""

    @property
    def id(self) -> int: ...
    @property
    def state(self) -> str: ...
    @property
    def patient_type(self) -> str: ...
    @property
    def rank_at(self) -> datetime: ...


StandingT = TypeVar("StandingT", bound=Standing)
Key = tuple[bool, int, datetime, int]


def precedence(rules: OrderRules, patient_type: str) -> tuple[int, timedelta]:
    """Return the class of a type, 0 first, and how much earlier than planned it counts within the class."""
    if patient_type == PatientType.EMERGENCY:
        rule, ahead, first = rules.emergency, rules.emergency_ahead, _FIRST_EMERGENCY
    elif patient_type == PatientType.VIP:
        rule, ahead, first = rules.vip, rules.vip_ahead, _FIRST_VIP
    else:
        return _REST, timedelta()
    if rule is Precedence.FIRST:
        return first, timedelta()
    return _REST, ahead if rule is Precedence.AHEAD else timedelta()


def order_class(rules: OrderRules, patient_type: str, rank_at: datetime, now: datetime) -> int:
    """Return the class with ageing: who has waited longer than the limit stands with the VIPs, never before 急诊."""
    place, _ = precedence(rules, patient_type)
    is_old = rules.ageing is not None and now - rank_at >= rules.ageing
    return min(place, _FIRST_VIP) if is_old else place


def order_key(rules: OrderRules, ticket: Standing, now: datetime) -> Key:
    """Return what a queue is sorted by; who has not checked in stands behind everybody who has."""
    _, ahead = precedence(rules, ticket.patient_type)
    return (
        ticket.state == TicketState.NOT_SIGNED_IN,
        order_class(rules, ticket.patient_type, ticket.rank_at, now),
        ticket.rank_at - ahead,
        ticket.id,
    )


def in_order(rules: OrderRules, tickets: Iterable[StandingT], now: datetime) -> list[StandingT]:
    """Return the tickets in the order in which they would be called."""
    return sorted(tickets, key=lambda ticket: order_key(rules, ticket, now))


def rank_after(ranks: list[datetime], place: int | None, now: datetime) -> datetime:
    """Return the rank of a patient who signs in again among the waiting ones of the own class.

    `ranks` are those patients' ranks in order; `place` None is the end (RIS-OPN-05), 0 the top, N after N patients.
    """
    if not ranks:
        return now
    if place is not None and place < len(ranks):
        return ranks[place] - _TICK
    return max(ranks[-1] + _TICK, now)


def rank_of_return(rules: OrderRules, patient_type: str, waiting: Iterable[Standing], now: datetime) -> datetime:
    """Return the `rank_at` of a patient who comes back: at the place of 重新签到 among the own class."""
    own, ahead = precedence(rules, patient_type)
    ranks = sorted(key[2] for other in waiting if (key := order_key(rules, other, now))[:2] == (False, own))
    place = {SignInPlace.TOP: 0, SignInPlace.AFTER: rules.sign_in_after, SignInPlace.END: None}[rules.sign_in_place]
    return rank_after(ranks, place, now - ahead) + ahead
