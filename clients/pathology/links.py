"""The links below the case list with their live counters "(X)" (PA-GEN-07), as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Link:
    """One link. `count` names the figure in the counters; `total` the second one of a pair ("1/2": due, all).

    A click calls ``maker(desk) -> None``, which opens the list.
    """

    id: str
    text: str  # Chinese source text with {count} (and {total})
    count: str
    maker: str  # "module:name"
    total: str = ""


LINKS: tuple[Link, ...] = (
    Link("appointments", "预约病例（{count}）", "bookings", "clients.pathology.registration.entries:appointments"),
    Link("regrossing", "补取病例（{count}）", "regrossing", "clients.pathology.grossing.entries:regrossing_cases"),
    Link(
        "consultations",
        "会诊病例（{count}）",
        "consultations",
        "clients.pathology.shell.special_lists:consultations",
    ),
    Link(
        "follow_ups",
        "随访病例 {count}/{total}",
        "follow_ups_due",
        "clients.pathology.shell.special_lists:follow_ups",
        total="follow_ups",
    ),
    Link("overdue", "超时病例（{count}）", "overdue", "clients.pathology.statistics.overdue:overdue"),
    Link("favourites", "收藏病例（{count}）", "favourites", "clients.pathology.shell.special_lists:favourites"),
)
"""All links from left to right; `shell.counters` knows the counts by these names."""

BY_ID = {link.id: link for link in LINKS}
