"""Finding terms of the dictionary as one types: by words or pinyin initials, best first. Knows no Qt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shared.contract.ecg_terms import CategoryView, TermTree, TermView
from shared.domain.ecg_reports import TermKind

MOST_FOUND = 50


def of_kind(tree: TermTree, kind: TermKind) -> tuple[tuple[CategoryView, ...], tuple[TermView, ...]]:
    """Categories and terms of one box, each in its order."""
    categories = sorted((one for one in tree.categories if one.kind is kind), key=lambda one: (one.position, one.id))
    terms = sorted((one for one in tree.terms if one.kind is kind), key=lambda one: (one.position, one.id))
    return tuple(categories), tuple(terms)


def found(terms: Iterable[TermView], typed: str, most: int = MOST_FOUND) -> list[TermView]:
    """Terms that fit: those that are or begin with what was typed first, then those that hold it."""
    wanted = typed.strip().lower()
    if not wanted:
        return []
    ranked = []
    for place, term in enumerate(terms):
        rank = _rank(term, wanted)
        if rank is not None:
            ranked.append((rank, len(term.zh), place, term))
    return [one[-1] for one in sorted(ranked, key=lambda one: one[:3])[:most]]


def children(categories: Sequence[CategoryView], parent_id: int) -> list[CategoryView]:
    """The categories below one; 0 gives the roots."""
    known = {one.id for one in categories}
    return [
        one for one in categories if one.parent_id == parent_id or (parent_id == 0 and one.parent_id not in known | {0})
    ]


def words(one: TermView | CategoryView, english: bool) -> str:
    """The words in a language; a term that has no English stays Chinese."""
    return one.en if english and one.en else one.zh


def _rank(term: TermView, wanted: str) -> int | None:
    names = (term.zh.lower(), term.en.lower(), term.initials.lower())
    if wanted in names:
        return 0
    if any(name.startswith(wanted) for name in names):
        return 1
    if wanted in names[0] or wanted in names[1]:
        return 2
    return 3 if wanted in names[2] else None
