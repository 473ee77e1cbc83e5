"""Writes a template as an MRRT file: HTML5, Dublin Core terms, sections, controls, coded content (RAD TF-3)."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from server.structured.mrrt.words import OIDS, OURS, SCHEMES, TERMS
from shared.domain.structured import Code, Field, FieldKind, FormTemplate, Option, Section
from shared.domain.structured_prose import RuleError, rule

_TYPES = {
    FieldKind.TEXT: ("text", "TEXT"),
    FieldKind.NUMBER: ("number", "NUMBER"),
    FieldKind.MEASUREMENT: ("number", "NUMBER"),
    FieldKind.DATE: ("date", "DATE"),
    FieldKind.CALCULATED: ("text", "TEXT"),
    FieldKind.IMAGE: ("text", "TEXT"),
}


def write_mrrt(template: FormTemplate) -> bytes:
    """Return the file, UTF-8. Reading it again gives the same template."""
    return "\n".join(_Writer(template).lines()).encode()


def _attributes(**named: str | bool | None) -> str:
    """Write attributes; underscores are hyphens, None and False leave one out, True stands without a value."""
    out = []
    for name, value in named.items():
        word = name.rstrip("_").replace("_", "-")
        if value is True:
            out.append(f" {word}")
        elif isinstance(value, str):
            out.append(f' {word}="{escape(value, quote=True)}"')
    return "".join(out)


def _kept(kept: tuple[str, ...]) -> dict[str, str]:
    return dict(one.split("=", 1) for one in kept if "=" in one and not one.startswith("term="))


def _lines(kept: tuple[str, ...]) -> str:
    return "\n".join(line.replace("\n", " ") for line in kept)


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.10g}"


class _Writer:
    def __init__(self, template: FormTemplate) -> None:
        self._template = template
        self._entries: list[tuple[str, list[Code]]] = []
        self._body = [line for section in template.sections for line in self._section(section)]

    def lines(self) -> Iterator[str]:
        template = self._template
        yield "<!DOCTYPE html>"
        yield f"<html{_attributes(lang=template.language or None)}>"
        yield "<head>"
        yield '<meta charset="UTF-8">'
        yield f"<title>{escape(template.title)}</title>"
        yield '<meta name="dcterms.type" content="IMAGE_REPORT_TEMPLATE">'
        for term, member in TERMS.items():
            yield f"<meta{_attributes(name=f'dcterms.{term}', content=getattr(template, member))}>"
        for line in template.kept:
            kind, _colon, rest = line.partition(":")
            name, _equals, value = rest.partition("=")
            if kind in ("meta", "name"):
                yield f"<meta{_attributes(name=f'dcterms.{name}' if kind == 'meta' else name, content=value)}>"
        yield f"<meta{_attributes(name=f'{OURS}kept', content=_lines(template.kept))}>"
        yield f"<meta{_attributes(name=f'{OURS}exam-types', content='|'.join(template.exam_types))}>"
        yield f"<meta{_attributes(name=f'{OURS}body-parts', content='|'.join(template.body_parts))}>"
        yield '<script type="text/xml">'
        yield from self._coded()
        yield "</script>"
        yield "</head>"
        yield "<body>"
        yield from self._body
        yield "</body>"
        yield "</html>"
        yield ""

    def _coded(self) -> Iterator[str]:
        kept = [line.partition(":") for line in self._template.kept]
        xml = [rest.partition("=") for kind, _c, rest in kept if kind == "xml"]
        schemes = {name: oid for kind, _c, rest in kept if kind == "scheme" for name, _e, oid in [rest.partition("=")]}
        for _id, codes in self._entries:
            for code in codes:
                name = SCHEMES.get(code.scheme, code.scheme)
                schemes.setdefault(name, OIDS.get(name, ""))
        yield "<template_attributes>"
        for name, _equals, value in xml:
            yield f"<{name}>{escape(value)}</{name}>"
        yield "<coded_content>"
        yield "<coding_schemes>"
        for name, oid in schemes.items():
            yield f"<coding_scheme{_attributes(name=name, designator=oid)}/>"
        yield "</coding_schemes>"
        for kind, _c, rest in kept:
            if kind == "term":
                place, _equals, meaning = rest.partition("=")
                scheme, _bar, value = place.partition("|")
                yield f"<term>{_code(Code(scheme, value, meaning))}</term>"
        for element_id, codes in self._entries:
            yield f"<entry{_attributes(ORIGTXT=element_id)}>"
            for code in codes:
                yield f"<term>{_code(code)}</term>"
            yield "</entry>"
        yield "</coded_content>"
        yield "</template_attributes>"

    def _note(self, element_id: str, code: Code | None, kept: tuple[str, ...]) -> None:
        codes = [code] if code is not None else []
        for line in kept:
            if line.startswith("term="):
                parts = line[5:].split("|", 2)
                if len(parts) == 3:
                    codes.append(Code(*parts))
        if codes:
            self._entries.append((element_id, codes))

    def _section(self, section: Section) -> Iterator[str]:
        kept = _kept(section.kept)
        element_id = kept.get("id", section.key)
        self._note(element_id, section.code, section.kept)
        attributes = {
            "id": element_id,
            "class_": kept.get("class", "level1"),
            "data_section_name": section.title,
            "data_section_required": kept.get("data-section-required"),
            f"{OURS}key": section.key,
            f"{OURS}part": section.part.value,
            f"{OURS}visible-when": section.visible_when or None,
            f"{OURS}prose": section.prose,
            f"{OURS}kept": _lines(section.kept),
        }
        yield f"<section{_attributes(**attributes)}>"
        yield f'<header class="level1">{escape(section.title)}</header>'
        for line in _fixed_words(section.prose):
            yield f"<p>{escape(line)}</p>"
        for field in section.fields:
            yield from self._field(field, "")
        yield "</section>"

    def _field(self, field: Field, group: str) -> Iterator[str]:
        if field.kind is FieldKind.GROUP:
            element_id = _kept(field.kept).get("id", field.key)
            self._note(element_id, field.code, field.kept)
            attributes = {
                f"{OURS}group": field.key,
                "id": element_id,
                "title": field.label,
                f"{OURS}most": str(field.most),
            }
            yield f"<div{_attributes(**attributes)}{self._ours(field)}>"
            for inner in field.fields:
                yield from self._field(inner, f"{field.key}-")
            yield "</div>"
            return
        kept = _kept(field.kept)
        element_id = kept.get("id", f"{group}{field.key}")
        self._note(element_id, field.code, field.kept)
        yield "<p>"
        yield f"<label{_attributes(for_=element_id)}>{escape(field.label)}</label>"
        profile = {name: value for name, value in kept.items() if name.startswith("data-field-")}
        shared = _attributes(
            id=element_id,
            data_field_units=field.unit or None,
            required=field.required or None,
            **{
                f"{OURS}label": field.label,
                f"{OURS}key": field.key,
                f"{OURS}kind": field.kind.value,
                f"{OURS}default": field.default or None,
            },
            **profile,
        )
        shared += self._ours(field)
        if field.options:
            yield from self._select(field, element_id, shared)
        else:
            kind, word = _TYPES[field.kind]
            bounds = _attributes(
                min=_number(field.low),
                max=_number(field.high),
                step=_number(10.0**-field.decimals) if kind == "number" else None,
            )
            typed = _attributes(type=kind, data_field_type=None if "data-field-type" in profile else word)
            if kept.get("tag") == "textarea":
                yield f"<textarea{shared}>{escape(field.default)}</textarea>"
            else:
                yield f"<input{typed}{_attributes(value=kept.get('value', field.default))}{bounds}{shared}>"
        yield "</p>"

    def _select(self, field: Field, element_id: str, shared: str) -> Iterator[str]:
        many = field.kind is FieldKind.CHOICES
        typed = _attributes(multiple=many or None, data_field_type="SELECTION_LIST", name=element_id)
        yield f"<select{typed}{shared}>"
        chosen = field.default.split()
        for number, option in enumerate(field.options):
            yield self._option(option, f"{element_id}-{number}", option.key in chosen)
        yield "</select>"

    def _option(self, option: Option, usual_id: str, chosen: bool) -> str:
        kept = _kept(option.kept)
        option_id = kept.get("id", usual_id)
        self._note(option_id, option.code, option.kept)
        attributes = _attributes(
            id=option_id,
            value=kept.get("value", option.words or option.text),
            selected=chosen or None,
            **{
                f"{OURS}key": option.key,
                f"{OURS}words": option.words,
                f"{OURS}score": _number(option.score),
                f"{OURS}kept": _lines(option.kept),
            },
        )
        return f"<option{attributes}>{escape(option.text)}</option>"

    def _ours(self, field: Field) -> str:
        return _attributes(
            **{
                f"{OURS}hint": field.hint or None,
                f"{OURS}decimals": str(field.decimals),
                f"{OURS}quantity": field.quantity.value or None,
                f"{OURS}target": field.target or None,
                f"{OURS}required": "true" if field.required else None,
                f"{OURS}formula": field.formula or None,
                f"{OURS}visible-when": field.visible_when or None,
                f"{OURS}prose": field.prose,
                f"{OURS}own-line": "true" if field.own_line else None,
                f"{OURS}kept": _lines(field.kept),
            }
        )


def _code(code: Code) -> str:
    scheme = SCHEMES.get(code.scheme, code.scheme)
    return f"<code{_attributes(meaning=code.meaning, value=code.value, scheme=scheme)}/>"


def _fixed_words(prose: str) -> list[str]:
    """Return the lines of a sentence rule that asks for no field: words that any reader of the file should show."""
    try:
        found = rule(prose)
    except RuleError:
        return []
    if found.names or not prose:
        return []
    for sign in "{}[]":
        prose = prose.replace(sign * 2, sign)
    return prose.split("\n")
