"""Finding a prompt by what is typed: words, the entry's own code, pinyin initials; knows no Qt."""

from __future__ import annotations

from collections.abc import Sequence

from clients.kit.fields import Prompt
from clients.kit.pinyin import full_pinyin, initials, matches

MOST_SHOWN = 12
"""Entries that a list below the field shows at most."""


def exact(prompts: Sequence[Prompt], typed: str) -> Prompt | None:
    """The one entry that `typed` names as a whole: by its words, its code or its initials; None if none or several."""
    wanted = _plain(typed)
    if not wanted:
        return None
    found = {prompt.text: prompt for prompt in prompts if wanted in _names(prompt)}
    return next(iter(found.values())) if len(found) == 1 else None


def found(prompts: Sequence[Prompt], typed: str, most: int = MOST_SHOWN) -> list[Prompt]:
    """Entries that fit, best first: named as a whole, then beginning so, then containing it."""
    wanted = _plain(typed)
    if not wanted:
        return []
    ranked: dict[str, tuple[int, int, Prompt]] = {}
    for place, prompt in enumerate(prompts):
        rank = _rank(prompt, wanted, typed)
        if rank is not None and prompt.text not in ranked:
            ranked[prompt.text] = (rank, place, prompt)
    return [prompt for _rank, _place, prompt in sorted(ranked.values(), key=lambda one: one[:2])[:most]]


def looks_like_code(typed: str) -> bool:
    """Say whether something was typed that may stand for Chinese words: latin letters without a space."""
    return typed.isascii() and typed.strip().isalpha()


def _plain(typed: str) -> str:
    return typed.strip().lower()


def _names(prompt: Prompt) -> tuple[str, ...]:
    return prompt.text.lower(), prompt.code.lower(), initials(prompt.text).replace(" ", "")


def _rank(prompt: Prompt, wanted: str, typed: str) -> int | None:
    names = _names(prompt)
    if wanted in names:
        return 0
    if any(name.startswith(wanted) for name in names if name) or full_pinyin(prompt.text).startswith(wanted):
        return 1
    return 2 if matches(prompt.text, typed) else None
