"""Changes of a template's outline: add, move, change, remove; and fields as lines of text; knows no Qt."""

from __future__ import annotations

from typing import Any

import msgspec

from clients.kit.translations import tr
from shared.domain.structured import Code, Field, FieldKind, FormTemplate, Option, Section
from shared.domain.structured_form import as_number

Place = tuple[int, ...]
"""Where a part stands: () the template, (s,) a section, (s, f) a field, (s, f, i) a field of a group."""

Part = FormTemplate | Section | Field


class LineError(ValueError):
    """A line of text that says nothing we can keep; the sentence is translated."""


def at(template: FormTemplate, place: Place) -> Part:
    """Return the part at a place. Raises IndexError."""
    found: Any = template
    for depth, number in enumerate(place):
        found = (found.sections if depth == 0 else found.fields)[number]
    return found  # type: ignore[no-any-return]


def replaced(template: FormTemplate, place: Place, part: Part) -> FormTemplate:
    """Return the template with another part at a place."""
    return _rebuilt(template, place, lambda parts, number: (*parts[:number], part, *parts[number + 1 :]), part)


def removed(template: FormTemplate, place: Place) -> FormTemplate:
    """Return the template without a part."""
    return _rebuilt(template, place, lambda parts, number: (*parts[:number], *parts[number + 1 :]), None)


def moved(template: FormTemplate, place: Place, step: int) -> tuple[FormTemplate, Place]:
    """Move a part up (-1) or down (+1); a field at the end of a section goes on to the next section."""
    number, parts = place[-1], siblings(template, place)
    target = number + step
    if 0 <= target < len(parts):
        order = list(parts)
        order[number], order[target] = order[target], order[number]
        parent = at(template, place[:-1])
        name = "sections" if len(place) == 1 else "fields"
        changed = msgspec.structs.replace(parent, **{name: tuple(order)})
        return replaced(template, place[:-1], changed), (*place[:-1], target)
    section = place[0] + step
    if len(place) == 2 and 0 <= section < len(template.sections):
        part = at(template, place)
        assert isinstance(part, Field)
        template = removed(template, place)
        goal = template.sections[section]
        where = len(goal.fields) if step < 0 else 0
        fields = (*goal.fields[:where], part, *goal.fields[where:])
        return replaced(template, (section,), msgspec.structs.replace(goal, fields=fields)), (section, where)
    return template, place


def siblings(template: FormTemplate, place: Place) -> tuple[Any, ...]:
    """Return the parts beside one, itself too."""
    parent: Any = at(template, place[:-1])
    return tuple(parent.sections if len(place) == 1 else parent.fields)


def with_section(template: FormTemplate, place: Place, title: str) -> tuple[FormTemplate, Place]:
    """Add a section behind the one at `place`."""
    number = place[0] + 1 if place else len(template.sections)
    section = Section(key=fresh_key(template, "section"), title=title)
    sections = (*template.sections[:number], section, *template.sections[number:])
    return msgspec.structs.replace(template, sections=sections), (number,)


def with_field(template: FormTemplate, place: Place, kind: FieldKind, label: str) -> tuple[FormTemplate, Place]:
    """Add a field behind the one at `place`, or at the end of its section or group."""
    if not place:
        return template, place
    here = at(template, place)
    inside = isinstance(here, Field) and here.kind is FieldKind.GROUP and kind is not FieldKind.GROUP
    if len(place) == 3 and kind is FieldKind.GROUP:
        place, inside = place[:2], False
    field = a_field(fresh_key(template, kind.value), kind, label)
    if len(place) == 1 or inside:
        parent: Any = at(template, place)
        changed = msgspec.structs.replace(parent, fields=(*parent.fields, field))
        return replaced(template, place, changed), (*place, len(parent.fields))
    parent = at(template, place[:-1])
    number = place[-1] + 1
    changed = msgspec.structs.replace(parent, fields=(*parent.fields[:number], field, *parent.fields[number:]))
    return replaced(template, place[:-1], changed), (*place[:-1], number)


def a_field(key: str, kind: FieldKind, label: str) -> Field:
    """Return a new field that has no mistakes of its own."""
    field = Field(key=key, label=label, kind=kind)
    if kind in (FieldKind.CHOICE, FieldKind.CHOICES):
        return msgspec.structs.replace(
            field,
            options=(Option(key="no", text=tr("无")), Option(key="yes", text=tr("有"))),
            prose=f"{label}：{{{key}}}。",
        )
    if kind is FieldKind.GROUP:
        inner = (Field(key="item", label=label),)
        return msgspec.structs.replace(field, fields=inner, prose="{#}）{item}。", own_line=True)
    if kind is FieldKind.CALCULATED:
        return msgspec.structs.replace(field, formula="0")
    if kind in (FieldKind.MEASUREMENT, FieldKind.NUMBER):
        unit = "mm" if kind is FieldKind.MEASUREMENT else ""
        return msgspec.structs.replace(field, unit=unit, low=0.0, decimals=1, prose=f"{label}：{{{key}}}{unit}。")
    if kind is FieldKind.IMAGE:
        return field
    return msgspec.structs.replace(field, prose=f"{label}：{{{key}}}。")


def fresh_key(template: FormTemplate, start: str) -> str:
    """Return a key that no section or field has."""
    taken = {section.key for section in template.sections}
    for _section, field in template.fields():
        taken |= {field.key, *(inner.key for inner in field.fields)}
    number = 1
    while f"{start}_{number}" in taken:
        number += 1
    return f"{start}_{number}"


def _rebuilt(template: FormTemplate, place: Place, change: Any, part: Part | None) -> FormTemplate:
    if not place:
        assert isinstance(part, FormTemplate)
        return part
    parent: Any = at(template, place[:-1])
    name = "sections" if len(place) == 1 else "fields"
    changed = msgspec.structs.replace(parent, **{name: change(getattr(parent, name), place[-1])})
    return replaced(template, place[:-1], changed)


# ── lines of text ────────────────────────────────────────────────────────────────────────────────────


def code_words(code: Code | None) -> str:
    """Write a code as ``RADLEX:RID1301:lung``."""
    return "" if code is None else f"{code.scheme}:{code.value}:{code.meaning}"


def read_code(words: str) -> Code | None:
    """Read a code; None when the line is empty. Raises ValueError."""
    if not words.strip():
        return None
    parts = [part.strip() for part in words.replace("：", ":").split(":", 2)]
    if len(parts) != 3 or not all(parts):
        raise LineError(tr("编码应写成 体系:代码:含义，例如 RADLEX:RID1301:lung。"))
    return Code(*parts)


def option_lines(options: tuple[Option, ...]) -> str:
    """Write options, one a line: ``key|text|words|score|code``."""
    lines = []
    for one in options:
        score = "" if one.score is None else f"{one.score:g}"
        parts = [one.key, one.text, one.words, score, code_words(one.code)]
        while len(parts) > 2 and not parts[-1]:
            parts.pop()
        lines.append("|".join(parts))
    return "\n".join(lines)


def read_options(text: str, before: tuple[Option, ...] = ()) -> tuple[Option, ...]:
    """Read options; what a line cannot say is kept from the option of the same key. Raises ValueError."""
    kept = {one.key: one.kept for one in before}
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        parts = [part.strip() for part in line.replace("｜", "|").split("|")]
        parts += [""] * (5 - len(parts))
        if len(parts) > 5 or not parts[0]:
            raise LineError(tr("第 {number} 行应写成 代号|文字|句中的词|分值|编码。", number=number))
        score = as_number(parts[3]) if parts[3] else None
        if parts[3] and score is None:
            raise LineError(tr("第 {number} 行的分值应为数字。", number=number))
        found.append(
            Option(
                key=parts[0],
                text=parts[1] or parts[0],
                words=parts[2],
                score=score,
                code=read_code(parts[4]),
                kept=kept.get(parts[0], ()),
            )
        )
    return tuple(found)
