"""What is wrong with a template, in sentences that name the place; asked by the editor and by the server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shared.domain.structured import (
    KEY,
    LONGEST_TEXT,
    MOST_FIELDS,
    MOST_ITEMS,
    MOST_OPTIONS,
    MOST_SECTIONS,
    Code,
    Field,
    FieldKind,
    FormTemplate,
    Part,
    Section,
)
from shared.domain.structured_form import default_of, why_wrong
from shared.domain.structured_formula import FormulaError, formula
from shared.domain.structured_prose import RuleError, rule

RESERVED = frozenset({"prior", "score", "true", "false", "and", "or", "not"})
_CHOOSING = (FieldKind.CHOICE, FieldKind.CHOICES)


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake; `section` and `field` are keys (field: ``group.field`` inside a group), empty for the template."""

    section: str
    field: str
    sentence: str


def mistakes(template: FormTemplate) -> tuple[Mistake, ...]:
    """Return every mistake of a template in the order of its parts; a template without any may be published."""
    return tuple(_mistakes(template))


def field_count(template: FormTemplate) -> int:
    """Return the number of fields, those inside groups too."""
    return sum(1 + len(field.fields) for _section, field in template.fields())


def _mistakes(template: FormTemplate) -> Iterator[Mistake]:
    if not 1 <= len(template.title.strip()) <= 200:
        yield Mistake("", "", "请填写模板名称（1 到 200 个字）。")
    if len(template.identifier) > 200:
        yield Mistake("", "", "模板标识太长，最多 200 个字符。")
    if len(template.description) > LONGEST_TEXT:
        yield Mistake("", "", "模板的说明太长，请删减。")
    for words in (template.creator, template.publisher, template.rights, template.date, template.language):
        if len(words) > 400:
            yield Mistake("", "", "模板的作者、出版者、日期或权利说明太长，最多 400 个字。")
    if any(not 1 <= len(one) <= 16 for one in template.exam_types) or len(template.exam_types) > 20:
        yield Mistake("", "", "检查类型的代码应为 1 到 16 个字符，最多 20 个。")
    if any(not 1 <= len(one) <= 40 for one in template.body_parts) or len(template.body_parts) > 20:
        yield Mistake("", "", "部位的名称应为 1 到 40 个字，最多 20 个。")
    if not template.sections:
        yield Mistake("", "", "模板没有内容，请添加一个部分。")
    if len(template.sections) > MOST_SECTIONS:
        yield Mistake("", "", f"模板最多有 {MOST_SECTIONS} 个部分。")
    if field_count(template) > MOST_FIELDS:
        yield Mistake("", "", f"模板最多有 {MOST_FIELDS} 个字段。")
    if _kept_length(template) > 400_000:
        yield Mistake("", "", "导入文件带来的附加属性太多，请删减后再导入。")
    names = _Names(template)
    seen: set[str] = set()
    for section in template.sections:
        yield from _of_section(section, names, seen)


def _kept_length(template: FormTemplate) -> int:
    holders = [template.kept, *(section.kept for section in template.sections)]
    for _section, field in template.fields():
        for one in (field, *field.fields):
            holders += [one.kept, *(option.kept for option in one.options)]
    return sum(len(words) for kept in holders for words in kept)


class _Names:
    """What formulas and sentences may ask for."""

    def __init__(self, template: FormTemplate) -> None:
        self.outer = {field.key for _section, field in template.fields()}
        self.groups = {
            field.key: {inner.key for inner in field.fields}
            for _section, field in template.fields()
            if field.kind is FieldKind.GROUP
        }

    def unknown(self, names: frozenset[str], inside: frozenset[str] = frozenset()) -> str:
        """Return the first name that nothing answers to, empty when all are known."""
        for name in sorted(names):
            head, _dot, tail = name.partition(".")
            if name == "#":
                continue
            if tail and head in ("prior", "score"):
                known = tail in self.outer or tail in inside
            elif tail:
                known = tail in self.groups.get(head, set())
            else:
                known = name in self.outer or name in inside
            if not known:
                return name
        return ""


def _of_section(section: Section, names: _Names, seen: set[str]) -> Iterator[Mistake]:
    def mistake(sentence: str) -> Mistake:
        return Mistake(section.key, "", f"{section.title or section.key}：{sentence}")

    yield from (mistake(sentence) for sentence in _of_key(section.key, seen))
    if not 1 <= len(section.title.strip()) <= 200:
        yield mistake("请填写标题。")
    yield from (mistake(sentence) for sentence in _of_code(section.code))
    yield from (mistake(sentence) for sentence in _of_condition(section.visible_when, names, frozenset()))
    yield from (mistake(sentence) for sentence in _of_rule(section.prose, names, frozenset()))
    if section.part is Part.NONE and section.prose:
        yield mistake("不写入报告的部分不能有句子。")
    for field in section.fields:
        for sentence in (*_of_key(field.key, seen), *_of_field(field, names, frozenset())):
            yield Mistake(section.key, field.key, f"{field.label or field.key}：{sentence}")
        inside = frozenset(inner.key for inner in field.fields)
        own: set[str] = set()
        for inner in field.fields:
            if inner.kind is FieldKind.GROUP:
                yield Mistake(section.key, f"{field.key}.{inner.key}", f"{inner.label}：重复组里不能再有重复组。")
                continue
            for sentence in (*_of_key(inner.key, own), *_of_field(inner, names, inside)):
                yield Mistake(section.key, f"{field.key}.{inner.key}", f"{inner.label or inner.key}：{sentence}")


def _of_key(key: str, seen: set[str]) -> Iterator[str]:
    if not KEY.fullmatch(key):
        yield "代号应以小写字母开头，只用小写字母、数字和下划线，最多 40 个。"
    elif key in RESERVED:
        yield f"代号 {key} 另有含义，请换一个。"
    elif key in seen:
        yield f"代号 {key} 用了两次。"
    seen.add(key)


def _of_code(code: Code | None) -> Iterator[str]:
    if code is not None and not (
        1 <= len(code.scheme) <= 16 and 1 <= len(code.value) <= 64 and 1 <= len(code.meaning) <= 200
    ):
        yield "编码应有体系（最多 16 个字符）、代码（最多 64）和含义（最多 200）。"


def _of_condition(source: str, names: _Names, inside: frozenset[str]) -> Iterator[str]:
    if not source:
        return
    try:
        unknown = names.unknown(formula(source).names, inside)
    except FormulaError as error:
        yield str(error)
        return
    if unknown:
        yield f"公式或条件中的“{unknown}”不是字段。"


def _of_rule(source: str, names: _Names, inside: frozenset[str]) -> Iterator[str]:
    if not source:
        return
    try:
        unknown = names.unknown(rule(source).names, inside)
    except (RuleError, FormulaError) as error:
        yield str(error)
        return
    if unknown:
        yield f"句子中的“{{{unknown}}}”不是字段。"


def _of_field(field: Field, names: _Names, inside: frozenset[str]) -> Iterator[str]:
    if not 1 <= len(field.label.strip()) <= 200:
        yield "请填写名称。"
    if len(field.hint) > 1000 or len(field.default) > LONGEST_TEXT or len(field.unit) > 32 or len(field.target) > 80:
        yield "提示、默认值、单位或测量名太长。"
    yield from _of_code(field.code)
    yield from _of_condition(field.visible_when, names, inside)
    yield from _of_condition(field.formula, names, inside)
    within = inside if field.kind is not FieldKind.GROUP else frozenset(inner.key for inner in field.fields)
    yield from _of_rule(field.prose, names, within)
    yield from _of_options(field)
    if field.kind is FieldKind.CALCULATED and not field.formula:
        yield "计算字段需要公式。"
    if field.kind is FieldKind.GROUP:
        if not field.fields:
            yield "重复组里没有字段。"
        if not 1 <= field.most <= MOST_ITEMS:
            yield f"重复组最多 {MOST_ITEMS} 项。"
    elif field.fields:
        yield "只有重复组可以包含字段。"
    if field.low is not None and field.high is not None and field.low > field.high:
        yield "下限大于上限。"
    if not 0 <= field.decimals <= 6:
        yield "小数位应为 0 到 6。"
    value = default_of(field)
    if field.default.strip() and field.kind is not FieldKind.CALCULATED:
        wrong = why_wrong(field, value)
        if wrong or (field.kind is not FieldKind.TEXT and value == default_of(_blank(field))):
            yield "默认值与字段不符。"


def _blank(field: Field) -> Field:
    return Field(key=field.key, label=field.label, kind=field.kind, options=field.options)


def _of_options(field: Field) -> Iterator[str]:
    if field.kind in _CHOOSING and not field.options:
        yield "请添加选项。"
    if field.options and field.kind not in (*_CHOOSING, FieldKind.CALCULATED):
        yield "只有选择和计算字段可以有选项。"
    if len(field.options) > MOST_OPTIONS:
        yield f"最多 {MOST_OPTIONS} 个选项。"
    seen: set[str] = set()
    for option in field.options:
        if not 1 <= len(option.key) <= 40 or any(sign.isspace() for sign in option.key):
            yield f"选项“{option.text}”的代号应为 1 到 40 个字符，没有空格。"
        elif option.key in seen:
            yield f"选项代号 {option.key} 用了两次。"
        seen.add(option.key)
        if not 1 <= len(option.text.strip()) <= 400 or len(option.words) > LONGEST_TEXT:
            yield f"选项“{option.key}”的文字应为 1 到 400 个字。"
        yield from _of_code(option.code)
