"""The two languages of the suite: Chinese source strings, complete English, switchable at run time; knows no Qt.

Every text on screen is written once, in Chinese, where it is used. A workstation registers a catalogue that maps those
strings to English. Kit widgets take the Chinese source string and translate when they draw, so that a change of
language only needs a repaint. `tests/clients/kit/test_translations.py` reads the sources and demands an entry for each.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping


class Language(enum.StrEnum):
    """What the user can read the screens in; the value is what settings files store."""

    CHINESE = "zh"
    ENGLISH = "en"


_catalogue: dict[str, str] = {}
_binding: set[str] = set()
_listeners: list[Callable[[], None]] = []
_current = Language.CHINESE


def register_catalogue(entries: Mapping[str, str], *, binding: bool = False) -> None:
    """Add Chinese → English entries.

    One word per concept, in every workstation: `binding` entries (the kit's own, with the terms of the hospital) cannot
    be changed by another catalogue. Among the others the one registered last is shown, since several workstations may
    run in one process.
    """
    for source, english in entries.items():
        if binding:
            _binding.add(source)
        elif source in _binding:
            continue
        _catalogue[source] = english


def tr(source: str, /, **values: object) -> str:
    """Give `source` in the current language, with `{name}` places filled from `values`.

    A source without an entry is shown in Chinese rather than not at all; the catalogue test keeps that from happening.
    """
    text = _catalogue.get(source, source) if _current is Language.ENGLISH else source
    return text.format(**values) if values else text


def tr_in(language: Language, source: str, /) -> str:
    """Give `source` in a named language, whatever the current one is (the command palette searches both)."""
    return _catalogue.get(source, source) if language is Language.ENGLISH else source


def verbatim(text: str, /) -> str:
    """Mark a Chinese literal that is data or a proper name and therefore reads the same in both languages."""
    return text


def has_english(source: str) -> bool:
    """Say whether some catalogue holds an English text for `source`."""
    return source in _catalogue


def language() -> Language:
    """The language texts come in now."""
    return _current


def set_language(new: Language) -> None:
    """Switch the language and tell every listener; setting the same language again does nothing."""
    global _current  # noqa: PLW0603 - one process speaks one language at a time
    if new is _current:
        return
    _current = new
    for listener in tuple(_listeners):
        listener()


def on_language_change(listener: Callable[[], None]) -> Callable[[], None]:
    """Call `listener` after every switch; the function returned ends that."""
    _listeners.append(listener)

    def forget() -> None:
        if listener in _listeners:
            _listeners.remove(listener)

    return forget
