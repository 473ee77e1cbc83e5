"""What a filled form means: values in effect, what is shown, what is wrong or missing, the coded answers. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import msgspec

from shared.domain.structured import (
    LOCAL_SCHEME,
    LONGEST_TEXT,
    Code,
    CodedValue,
    Field,
    FieldKind,
    FieldValue,
    FormContent,
    FormTemplate,
    Section,
    path_of,
    split_path,
)
from shared.domain.structured_formula import Value, formula

EMPTY = FieldValue()
NUMERIC = (FieldKind.NUMBER, FieldKind.MEASUREMENT, FieldKind.CALCULATED)


@dataclass(frozen=True, slots=True)
class Slot:
    """One place of the form on screen: a field outside groups, or inside one item. `number` counts items from 1."""

    path: str
    section: Section
    field: Field
    group: Field | None = None
    item: int = 0
    number: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """A field that is not right; the sentence says what to do."""

    path: str
    label: str
    sentence: str
    is_missing: bool = False
    is_measurement: bool = False


def new_form(template: FormTemplate, template_id: int, version: int) -> FormContent:
    """Return an empty form; defaults take effect by themselves. Groups that must be there start with one item."""
    items: dict[str, tuple[int, ...]] = {
        field.key: (1,) for _section, field in template.fields() if field.kind is FieldKind.GROUP and field.required
    }
    return FormContent(template_id=template_id, template_version=version, items=items)


def with_value(form: FormContent, path: str, value: FieldValue) -> FormContent:
    """Return the form with another value; an empty value takes the entry out."""
    values = {key: kept for key, kept in form.values.items() if key != path}
    if value != EMPTY:
        values[path] = value
    return msgspec.structs.replace(form, values=values)


def with_item(form: FormContent, group: Field) -> FormContent:
    """Return the form with one more item of a group, or unchanged when there are enough."""
    present = form.items.get(group.key, ())
    if len(present) >= group.most:
        return form
    # Numbers are not used twice, so that a sentence of a removed item is never taken for one of a new item.
    used = {split_path(s.key)[1] for s in form.sentences if s.key.startswith(f"{group.key}.")}
    added = max((*present, *used, 0)) + 1
    return msgspec.structs.replace(form, items={**form.items, group.key: (*present, added)})


def without_item(form: FormContent, group: str, item: int) -> FormContent:
    """Return the form without one item of a group."""
    left = tuple(one for one in form.items.get(group, ()) if one != item)
    start = f"{group}.{item}."
    values = {key: value for key, value in form.values.items() if not key.startswith(start)}
    return msgspec.structs.replace(form, items={**form.items, group: left}, values=values)


class Filled:
    """A template together with values: everything that follows from both. Made anew for each change; lazy within."""

    def __init__(
        self, template: FormTemplate, form: FormContent, prior: Mapping[str, FieldValue] | None = None
    ) -> None:
        self.template = template
        self.form = form
        self._prior = prior or {}
        self._values: dict[str, FieldValue] = {}
        self._busy: set[str] = set()
        self._by_key = {field.key: (section, field) for section, field in template.fields()}

    def find(self, path: str) -> tuple[Section, Field] | None:
        """Return section and field of a path, None when the template has no such place."""
        if "." not in path:
            return self._by_key.get(path)
        group, _dot, rest = path.partition(".")
        item, _dot, key = rest.partition(".")
        holder = self._by_key.get(group)
        if holder is None or not item.isdecimal():
            return None
        return next(((holder[0], field) for field in holder[1].fields if field.key == key), None)

    # ── slots ────────────────────────────────────────────────────────────────────────────────────────

    def slots(self, *, hidden: bool = False) -> Iterator[Slot]:
        """Give every place in order, groups themselves left out; `hidden` gives the invisible ones too."""
        for section in self.template.sections:
            if hidden or self.is_section_visible(section):
                yield from self._section_slots(section, hidden=hidden)

    def section_slots(self, section: Section) -> Iterator[Slot]:
        """Give the visible places of one section."""
        if self.is_section_visible(section):
            yield from self._section_slots(section, hidden=False)

    def _section_slots(self, section: Section, *, hidden: bool) -> Iterator[Slot]:
        for field in section.fields:
            if not hidden and not self._holds(field.visible_when, ""):
                continue
            if field.kind is not FieldKind.GROUP:
                yield Slot(field.key, section, field)
                continue
            for number, item in enumerate(self.form.items.get(field.key, ()), 1):
                for inner in field.fields:
                    if hidden or self._holds(inner.visible_when, f"{field.key}.{item}."):
                        yield Slot(path_of(field.key, item, inner.key), section, inner, field, item, number)

    def is_section_visible(self, section: Section) -> bool:
        """Say whether a section is shown."""
        return self._holds(section.visible_when, "")

    def is_visible(self, path: str) -> bool:
        """Say whether a field is shown."""
        found = self.find(path)
        if found is None:
            return False
        section, field = found
        group, item, _key = split_path(path)
        if not self.is_section_visible(section):
            return False
        if not group:
            return self._holds(field.visible_when, "")
        holder = self._by_key[group][1]
        return self._holds(holder.visible_when, "") and self._holds(field.visible_when, f"{group}.{item}.")

    def _holds(self, condition: str, inside: str) -> bool:
        return not condition or formula(condition).is_true(lambda name: self.named(name, inside))

    # ── values ───────────────────────────────────────────────────────────────────────────────────────

    def value(self, path: str) -> FieldValue:
        """Return the value in effect: filled by hand, calculated, suggested by a formula, or the default."""
        if path not in self._values:
            if path in self._busy:
                return EMPTY  # a circle of formulas says nothing
            self._busy.add(path)
            try:
                self._values[path] = self._effective(path)
            finally:
                self._busy.discard(path)
        return self._values[path]

    def is_by_hand(self, path: str) -> bool:
        """Say whether somebody filled this field."""
        return path in self.form.values

    def _effective(self, path: str) -> FieldValue:
        found = self.find(path)
        if found is None:
            return EMPTY
        field = found[1]
        if field.kind is not FieldKind.CALCULATED and path in self.form.values:
            return self.form.values[path]
        if field.formula:
            group, item, _key = split_path(path)
            inside = f"{group}.{item}." if group else ""
            return _as_value(field, formula(field.formula).value(lambda name: self.named(name, inside)))
        return default_of(field)

    def named(self, name: str, inside: str = "") -> Value:
        """Return what a name in a formula means: a field beside it, of the form, ``group.field`` or ``prior.field``."""
        head, _dot, tail = name.partition(".")
        if tail and head == "prior":
            holder = self._by_key.get(tail)
            if holder is not None:
                return plain_value(holder[1], self._prior.get(tail, EMPTY))
            found = self.find(f"{inside}{tail}") if inside else None
            return plain_value(found[1], self._prior.get(f"{inside}{tail}", EMPTY)) if found else None
        if tail and head == "score":
            return self._score(tail, inside)
        if tail:
            return self._of_items(head, tail)
        if inside:
            found = self.find(inside + name)
            if found is not None:
                return self._visible_value(inside + name, found[1])
        holder = self._by_key.get(name)
        if holder is None:
            return None
        if holder[1].kind is FieldKind.GROUP:
            return tuple(float(item) for item in self.form.items.get(name, ()))
        return self._visible_value(name, holder[1])

    def _visible_value(self, path: str, field: Field) -> Value:
        return plain_value(field, self.value(path))

    def _of_items(self, group: str, key: str) -> Value:
        found = self.find(f"{group}.1.{key}")
        if found is None:
            return None
        return tuple(
            plain_value(found[1], self.value(path_of(group, item, key))) for item in self.form.items.get(group, ())
        )

    def _score(self, key: str, inside: str) -> Value:
        path = inside + key if inside and self.find(inside + key) is not None else key
        found = self.find(path)
        if found is None:
            return None
        scores = [option.score for one in self.value(path).options if (option := found[1].option(one)) and option.score]
        return float(sum(scores)) if self.value(path).options else None

    def words(self, path: str, *, for_prose: bool = False) -> str:
        """Return a value as people read it, without unit; empty when nothing is there."""
        found = self.find(path)
        return "" if found is None else value_words(found[1], self.value(path), for_prose=for_prose)

    # ── what is wrong ────────────────────────────────────────────────────────────────────────────────

    def problems(self) -> tuple[Problem, ...]:
        """Return required fields that are empty and values that cannot be, in the order of the form."""
        found = []
        for slot in self.slots():
            value = self.value(slot.path)
            label = f"{slot.group.label}{slot.number} {slot.field.label}" if slot.group else slot.field.label
            sentence = why_wrong(slot.field, value)
            if sentence:
                found.append(Problem(slot.path, label, sentence))
            elif slot.field.required and is_empty(slot.field, value):
                is_measurement = slot.field.kind is FieldKind.MEASUREMENT
                found.append(Problem(slot.path, label, f"请填写“{label}”。", True, is_measurement))
        for section, field in self.template.fields():
            if (
                field.kind is FieldKind.GROUP
                and field.required
                and not self.form.items.get(field.key)
                and self.is_section_visible(section)
                and self._holds(field.visible_when, "")
            ):
                found.append(Problem(field.key, field.label, f"请至少填写一项“{field.label}”。", True))
        return tuple(found)

    def coded(self) -> tuple[CodedValue, ...]:
        """Return every visible answer with its codes."""
        found = []
        for slot in self.slots():
            field, value = slot.field, self.value(slot.path)
            if is_empty(field, value):
                continue
            found.append(
                CodedValue(
                    path=slot.path,
                    section=slot.section.title,
                    part=slot.section.part,
                    kind=field.kind,
                    label=field.label,
                    name=field.code or Code(LOCAL_SCHEME, local_value(slot), field.label),
                    text=value_words(field, value),
                    number=value.number,
                    unit=field.unit if value.number is not None else "",
                    codes=tuple(option_code(field, one) for one in value.options),
                    day=value.day,
                    images=value.images,
                    group=slot.group.label if slot.group else "",
                    item=slot.number,
                    instance_uid=value.instance_uid,
                    frame=value.frame,
                )
            )
        return tuple(found)


def local_value(slot: Slot) -> str:
    """Return the code value of a field that has no code: its key, with that of its group."""
    return f"{slot.group.key}.{slot.field.key}" if slot.group else slot.field.key


def option_code(field: Field, key: str) -> Code:
    """Return the code of an option, a local one where it has none."""
    option = field.option(key)
    if option is None:
        return Code(LOCAL_SCHEME, f"{field.key}:{key}", key)
    return option.code or Code(LOCAL_SCHEME, f"{field.key}:{key}", option.text)


def default_of(field: Field) -> FieldValue:
    """Return the value that a field has before anybody fills it."""
    text = field.default.strip()
    if not text:
        return EMPTY
    if field.kind in NUMERIC:
        number = as_number(text)
        return EMPTY if number is None else FieldValue(number=number)
    if field.kind in (FieldKind.CHOICE, FieldKind.CHOICES):
        return FieldValue(options=tuple(key for key in text.split() if field.option(key)))
    if field.kind is FieldKind.DATE:
        day = as_day(text)
        return EMPTY if day is None else FieldValue(day=day)
    return FieldValue(text=text) if field.kind is FieldKind.TEXT else EMPTY


def as_number(text: str) -> float | None:
    """Read a number as people type it; None when it is none."""
    try:
        number = float(text.strip().replace("，", ".").replace(",", "."))
    except ValueError:
        return None
    return number if abs(number) < 1e12 else None  # also refuses nan and inf


def as_day(text: str) -> date | None:
    """Read an ISO date; None when it is none."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _as_value(field: Field, value: Value) -> FieldValue:
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if isinstance(value, float | int):
        if field.options:
            text = f"{value:g}"
            return FieldValue(options=(text,)) if field.option(text) else EMPTY
        return FieldValue(number=float(value))
    if isinstance(value, str):
        if field.options:
            return FieldValue(options=(value,)) if field.option(value) else EMPTY
        return FieldValue(text=value)
    if isinstance(value, date):
        return FieldValue(day=value)
    if isinstance(value, frozenset):
        return FieldValue(options=tuple(sorted(value)))
    return EMPTY


def plain_value(field: Field, value: FieldValue) -> Value:
    """Return a value as formulas see it; None when empty."""
    if field.kind is FieldKind.CHOICES:
        return frozenset(value.options)
    if field.options:
        return value.options[0] if value.options else None
    if value.number is not None:
        return value.number
    if value.day is not None:
        return value.day
    if field.kind is FieldKind.IMAGE:
        return tuple(float(one) for one in value.images)
    return value.text or None


def is_empty(field: Field, value: FieldValue) -> bool:
    """Say whether nothing stands in a field."""
    if field.options:
        return not value.options
    if field.kind is FieldKind.IMAGE:
        return not value.images
    return value.number is None and value.day is None and not value.text.strip()


def number_words(number: float, decimals: int) -> str:
    """Write a number with at most so many decimals, no empty ones when it is whole."""
    text = f"{number:.{max(0, min(6, decimals))}f}"
    return text if "." not in text else text.rstrip("0").rstrip(".")


def value_words(field: Field, value: FieldValue, *, for_prose: bool = False) -> str:
    """Write a value as people read it, without unit."""
    if field.options:
        chosen = [option for key in value.options if (option := field.option(key))]
        return "、".join((option.words or option.text) if for_prose else option.text for option in chosen)
    if value.number is not None:
        return number_words(value.number, field.decimals)
    if value.day is not None:
        return f"{value.day.year}年{value.day.month}月{value.day.day}日" if for_prose else value.day.isoformat()
    if value.images:
        return f"{len(value.images)} 幅"
    return value.text.strip()


def why_wrong(field: Field, value: FieldValue) -> str:
    """Return why a value cannot stand in a field, empty when it can."""
    if len(value.text) > LONGEST_TEXT:
        return f"“{field.label}”太长，最多 {LONGEST_TEXT} 个字。"
    if field.options:
        unknown = [key for key in value.options if field.option(key) is None]
        if unknown:
            return f"“{field.label}”没有选项 {unknown[0]}。"
        if field.kind is not FieldKind.CHOICES and len(value.options) > 1:
            return f"“{field.label}”只能选一项。"
    if value.number is not None and field.kind is not FieldKind.CALCULATED:
        if field.low is not None and value.number < field.low:
            return f"“{field.label}”不能小于 {number_words(field.low, 6)}{field.unit}。"
        if field.high is not None and value.number > field.high:
            return f"“{field.label}”不能大于 {number_words(field.high, 6)}{field.unit}。"
    if field.kind in (FieldKind.NUMBER, FieldKind.MEASUREMENT) and value.number is None and value.text.strip():
        return f"“{field.label}”应为数字。"
    return ""
