"""From a form to its sentences. A rule is a sentence with places:

    双肺见{count}个结节[，最大者位于{lobe}][，较前{trend}][?size >= 6：建议随访]。

``{field}`` stands for the value in words, ``{field.unit}`` for its unit as written, ``{lesions.size}`` for all of a
group, ``{#}`` for the number of the item. A part in square brackets is left out unless every place in it is filled;
one that starts with ``?condition：`` also needs the condition (the words of structured_formula). A rule whose places
outside brackets are not all filled writes nothing. A doubled brace or bracket stands for itself (a closing bracket
only outside brackets). Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from shared.domain.structured import Field, FieldKind, Part, path_of
from shared.domain.structured_form import Filled, Slot, is_empty, value_words
from shared.domain.structured_formula import Formula, formula

LONGEST_RULE = 2000
_PLACE = re.compile(r"#|[a-z][a-z0-9_]{0,39}(?:\.[a-z][a-z0-9_]{0,39})?")
_UNITS = {"mm2": "mm²", "cm2": "cm²", "cm3": "cm³", "mm3": "mm³", "[hnsf'U]": "HU", "deg": "°", "1": ""}
"""UCUM codes that people write otherwise."""


class RuleError(ValueError):
    """A rule that cannot be read; the sentence (Chinese) says why."""


@dataclass(frozen=True, slots=True)
class _Words:
    text: str


@dataclass(frozen=True, slots=True)
class _Place:
    name: str


@dataclass(frozen=True, slots=True)
class _Optional:
    condition: Formula | None
    parts: tuple[_Words | _Place | _Optional, ...]


_Piece = _Words | _Place | _Optional


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that was read; `names` are the fields it asks for."""

    parts: tuple[_Piece, ...]
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Fresh:
    """What the form would say now at one place of the prose."""

    key: str
    part: Part
    section: str
    text: str
    own_line: bool


def unit_words(unit: str) -> str:
    """Return a UCUM unit as it is written in reports."""
    return _UNITS.get(unit, unit.strip("[]{}"))


@lru_cache(maxsize=2048)
def rule(source: str) -> Rule:
    """Read a rule. Raises RuleError."""
    if len(source) > LONGEST_RULE:
        raise RuleError(f"句子规则太长，最多 {LONGEST_RULE} 个字。")
    names: set[str] = set()
    parts, at = _parts(source, 0, names, depth=0)
    if at != len(source):
        raise RuleError("句子规则里多了一个“]”。")
    return Rule(tuple(parts), frozenset(names))


def _parts(source: str, at: int, names: set[str], depth: int) -> tuple[list[_Piece], int]:
    if depth > 6:
        raise RuleError("句子规则的方括号嵌套太深。")
    parts: list[_Piece] = []
    words: list[str] = []

    def flush() -> None:
        if words:
            parts.append(_Words("".join(words)))
            words.clear()

    while at < len(source):
        sign = source[at]
        if source[at : at + 2] == sign * 2 and (sign in "{}[" or (sign == "]" and depth == 0)):
            words.append(sign)
            at += 2
        elif sign == "{":
            end = source.find("}", at)
            name = source[at + 1 : end].strip() if end > 0 else ""
            if not _PLACE.fullmatch(name):
                raise RuleError(f"句子规则里的“{source[at : at + 12]}”不是字段，应写作 {{字段}}。")
            flush()
            names.add(name.removesuffix(".unit"))
            parts.append(_Place(name))
            at = end + 1
        elif sign == "[":
            flush()
            condition, at = _condition(source, at + 1, names)
            inner, at = _parts(source, at, names, depth + 1)
            if source[at : at + 1] != "]":
                raise RuleError("句子规则里少了一个“]”。")
            parts.append(_Optional(condition, tuple(inner)))
            at += 1
        elif sign == "]":
            break
        elif sign == "}":
            raise RuleError("句子规则里多了一个“}”。")
        else:
            words.append(sign)
            at += 1
    flush()
    return parts, at


def _condition(source: str, at: int, names: set[str]) -> tuple[Formula | None, int]:
    if source[at : at + 1] != "?":
        return None, at
    ends = [end for sign in ":：" if (end := source.find(sign, at)) > 0]
    if not ends:
        raise RuleError("条件后面少了冒号，应写作 [?条件：句子]。")
    end = min(ends)
    condition = formula(source[at + 1 : end])
    names.update(condition.names)
    return condition, end + 1


class _Writer:
    """Writes rules with the values of one form; inside an item, its own fields come first."""

    def __init__(self, filled: Filled, inside: str = "", number: int = 0) -> None:
        self._filled = filled
        self._inside = inside
        self._number = number

    def write(self, found: Rule) -> str:
        text, is_whole = self._parts(found.parts)
        return text if is_whole else ""

    def _parts(self, parts: tuple[_Piece, ...]) -> tuple[str, bool]:
        out, is_whole = [], True
        for piece in parts:
            if isinstance(piece, _Words):
                out.append(piece.text)
            elif isinstance(piece, _Place):
                words = self._place(piece.name)
                is_whole = is_whole and bool(words)
                out.append(words)
            else:
                out.append(self._optional(piece))
        return "".join(out), is_whole

    def _optional(self, piece: _Optional) -> str:
        if piece.condition is not None and not piece.condition.is_true(
            lambda name: self._filled.named(name, self._inside)
        ):
            return ""
        text, is_whole = self._parts(piece.parts)
        return text if is_whole else ""

    def _place(self, name: str) -> str:
        if name == "#":
            return str(self._number) if self._number else ""
        head, _dot, tail = name.partition(".")
        if tail == "unit":
            found = self._filled.find(self._inside + head) if self._inside else None
            found = found or self._filled.find(head)
            return unit_words(found[1].unit) if found else ""
        if tail:
            return self._all(head, tail)
        path = self._inside + name
        if not self._inside or self._filled.find(path) is None:
            path = name
        found = self._filled.find(path)
        if found is None or not self._filled.is_visible(path):
            return ""
        return value_words(found[1], self._filled.value(path), for_prose=True)

    def _all(self, group: str, key: str) -> str:
        items = self._filled.form.items.get(group, ())
        paths = [path_of(group, item, key) for item in items]
        words = [
            self._filled.words(path, for_prose=True)
            for path in paths
            if self._filled.find(path) is not None and self._filled.is_visible(path)
        ]
        return "、".join(word for word in words if word)


def sentences(filled: Filled) -> tuple[Fresh, ...]:
    """Return every sentence place of the visible form, in the order of the template; empty texts too."""
    found: list[Fresh] = []
    for section in filled.template.sections:
        if section.part is Part.NONE or not filled.is_section_visible(section):
            continue
        if section.prose:
            text = _Writer(filled).write(rule(section.prose))
            found.append(Fresh(section.key + ":", section.part, section.key, text, True))
        items_seen: set[str] = set()
        for field in section.fields:
            if field.kind is FieldKind.GROUP and field.prose and filled.is_visible(field.key):
                found += _of_group(filled, section.part, section.key, field)
                items_seen.add(field.key)
        found += [
            fresh
            for slot in filled.section_slots(section)
            if (fresh := _of_slot(filled, slot, section.part)) is not None
        ]
    return _ordered(filled, found)


def _of_group(filled: Filled, part: Part, section: str, group: Field) -> list[Fresh]:
    found = []
    for number, item in enumerate(filled.form.items.get(group.key, ()), 1):
        text = _Writer(filled, f"{group.key}.{item}.", number).write(rule(group.prose))
        found.append(Fresh(f"{group.key}.{item}.", part, section, text, group.own_line))
    return found


def _of_slot(filled: Filled, slot: Slot, part: Part) -> Fresh | None:
    field = slot.field
    if not field.prose:
        return None
    text = ""
    if not is_empty(field, filled.value(slot.path)):
        inside = f"{slot.group.key}.{slot.item}." if slot.group else ""
        text = _Writer(filled, inside, slot.number).write(rule(field.prose))
    return Fresh(slot.path, part, slot.section.key, text, field.own_line)


def _ordered(filled: Filled, found: list[Fresh]) -> tuple[Fresh, ...]:
    """Sort sentences as their fields stand in the form; the one of an item before those of its fields."""
    order: dict[str, int] = {}
    for section in filled.template.sections:
        order[section.key + ":"] = len(order)
        for field in section.fields:
            if field.kind is FieldKind.GROUP:
                for item in filled.form.items.get(field.key, ()):
                    order[f"{field.key}.{item}."] = len(order)
                    for inner in field.fields:
                        order[path_of(field.key, item, inner.key)] = len(order)
            else:
                order[field.key] = len(order)
    return tuple(sorted(found, key=lambda one: order[one.key]))
