"""Short words for writing templates down."""

from __future__ import annotations

from shared.domain.structured import (
    LOCAL_SCHEME,
    Code,
    Field,
    FieldKind,
    FormTemplate,
    Option,
    Part,
    Quantity,
    Section,
)

FINDINGS = Code("LN", "59776-5", "Procedure findings")
IMPRESSION = Code("LN", "19005-8", "Radiology Imaging study [Impression]")
TECHNIQUE = Code("LN", "55111-9", "Current imaging procedure descriptions")
SIZE = Code("SCT", "246115007", "Size")
DIAMETER = Code("RADLEX", "RID13432", "diameter")
SIDES = ("r|右侧", "l|左侧", "b|双侧")


def local(value: str, meaning: str) -> Code:
    """Return a code of ours."""
    return Code(LOCAL_SCHEME, value, meaning)


def option(text: str) -> Option:
    """Read ``key|text|words in the sentence|score``; the last two may be left out."""
    key, shown, *rest = text.split("|")
    words = rest[0] if rest else ""
    score = float(rest[1]) if len(rest) > 1 else None
    return Option(key=key, text=shown, words=words, score=score)


def options(*texts: str | Option) -> tuple[Option, ...]:
    """Read options."""
    return tuple(one if isinstance(one, Option) else option(one) for one in texts)


def choice(
    key: str,
    label: str,
    *texts: str | Option,
    prose: str = "",
    default: str = "",
    required: bool = False,
    when: str = "",
    code: Code | None = None,
    formula: str = "",
    hint: str = "",
    many: bool = False,
) -> Field:
    """A choice of one, or of many."""
    return Field(
        key=key,
        label=label,
        kind=FieldKind.CHOICES if many else FieldKind.CHOICE,
        options=options(*texts),
        prose=prose,
        default=default,
        required=required,
        visible_when=when,
        code=code,
        formula=formula,
        hint=hint,
    )


def length(
    key: str,
    label: str,
    *,
    prose: str = "",
    required: bool = False,
    when: str = "",
    high: float = 400,
    code: Code | None = DIAMETER,
    target: str = "",
    default: str = "",
) -> Field:
    """A length in millimetres, measured or typed."""
    return Field(
        key=key,
        label=label,
        kind=FieldKind.MEASUREMENT,
        quantity=Quantity.LENGTH,
        unit="mm",
        low=0,
        high=high,
        decimals=1,
        prose=prose,
        required=required,
        visible_when=when,
        code=code,
        target=target,
        default=default,
    )


def number(
    key: str,
    label: str,
    unit: str = "",
    *,
    low: float | None = 0,
    high: float | None = None,
    decimals: int = 0,
    prose: str = "",
    when: str = "",
    required: bool = False,
    code: Code | None = None,
    default: str = "",
) -> Field:
    """A number that is typed."""
    return Field(
        key=key,
        label=label,
        kind=FieldKind.NUMBER,
        unit=unit,
        low=low,
        high=high,
        decimals=decimals,
        prose=prose,
        visible_when=when,
        required=required,
        code=code,
        default=default,
    )


def text(key: str, label: str, *, prose: str = "", hint: str = "", default: str = "", when: str = "") -> Field:
    """Free words."""
    return Field(key=key, label=label, prose=prose, hint=hint, default=default, visible_when=when)


def calculated(
    key: str,
    label: str,
    formula: str,
    *texts: str | Option,
    unit: str = "",
    decimals: int = 1,
    prose: str = "",
    code: Code | None = None,
    when: str = "",
) -> Field:
    """A value that follows from others."""
    return Field(
        key=key,
        label=label,
        kind=FieldKind.CALCULATED,
        formula=formula,
        options=options(*texts),
        unit=unit,
        decimals=decimals,
        prose=prose,
        code=code,
        visible_when=when,
    )


def says(key: str, label: str, condition: str, words: str) -> Field:
    """A sentence of the impression that follows from the findings."""
    return calculated(key, label, f"if({condition}, '{words}', '')", prose=f"{{{key}}}。")


def images(key: str = "key_images", label: str = "关键图像") -> Field:
    """A slot for key images."""
    return Field(key=key, label=label, kind=FieldKind.IMAGE)


def group(key: str, label: str, prose: str, *fields: Field, most: int = 10) -> Field:
    """Fields repeated for each item; each item starts a paragraph."""
    return Field(key=key, label=label, kind=FieldKind.GROUP, prose=prose, own_line=True, fields=fields, most=most)


def findings(key: str, title: str, *fields: Field, prose: str = "", when: str = "") -> Section:
    """A section that writes into the findings."""
    return Section(key=key, title=title, fields=fields, prose=prose, code=FINDINGS, visible_when=when)


def technique(*fields: Field, prose: str) -> Section:
    """How it was examined."""
    return Section(key="technique", title="检查技术", fields=fields, prose=prose, code=TECHNIQUE)


def impression(*fields: Field, prose: str = "") -> Section:
    """The section that writes into the impression."""
    return Section(
        key="impression", title="诊断意见", part=Part.IMPRESSION, fields=fields, prose=prose, code=IMPRESSION
    )


def template(
    number_: int,
    title: str,
    description: str,
    exam_types: tuple[str, ...],
    body_parts: tuple[str, ...],
    *sections: Section,
) -> FormTemplate:
    """A supplied template; the number makes its identifier, which never changes."""
    return FormTemplate(
        title=title,
        identifier=f"mingjing-structured-{number_:03d}",
        description=description,
        exam_types=exam_types,
        body_parts=body_parts,
        creator="明镜",
        publisher="明镜",
        date="2026-11-22",
        rights="可自由修改和使用",
        sections=sections,
    )
