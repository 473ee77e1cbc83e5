"""Printing a template: `parse(print_template(t)) == t` for every tree that `parse` can give."""

from __future__ import annotations

import re

from shared.domain.pathology_templates.model import Element, Line, Multi, PlainParen, Single, Slot, Template, Text

_MARK = re.compile(r"[()\[\]{};\\（）［］｛｝；]")


def print_template(template: Template) -> str:
    """Return the text of a template in the manual's way of writing, lines divided by a line feed."""
    return "\n".join(print_line(line) for line in template.lines)


def print_line(line: Line) -> str:
    """Return the text of one sentence segment."""
    return "".join(print_element(element) for element in line.elements)


def print_element(element: Element) -> str:
    """Return the text of one element; marks that are plain characters are escaped."""
    if isinstance(element, Text):
        return _escaped(element.value)
    if isinstance(element, PlainParen):
        return f"{element.opening}{_escaped(element.value)}{element.closing}"
    if isinstance(element, Multi):
        return "[" + "；".join(_escaped(option) for option in element.options) + "]"
    if isinstance(element, Single):
        return "（" + "；".join(_escaped(option) for option in element.options) + "）"
    return "{" + "".join(_slot(part) if isinstance(part, Slot) else _escaped(part) for part in element.parts) + "}"


def _slot(slot: Slot) -> str:
    return f"（{slot.preset or ' '}）"


def _escaped(text: str) -> str:
    return _MARK.sub(r"\\\g<0>", text)
