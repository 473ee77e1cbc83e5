"""The sentences of a template as a page: what is taken, what is asked now, what is answered. Only drawing."""

from __future__ import annotations

from html import escape

from clients.kit.theme import current_theme
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.templates.picking_state import Picking, Place, Sheet
from shared.domain.pathology_templates import Element, Multi, Numeric, PlainParen, Single, Slot, Text

PANES = ("检查所见", "诊断意见")


def page_html(picking: Picking, single_pane_title: str = "") -> str:
    """The whole page; the present step carries the anchor `now`, every step is a link `pane.line.element.slot`."""
    parts: list[str] = []
    for pane, sheets in enumerate(picking.sheets):
        if not any(sheet.line.elements for sheet in sheets):
            continue
        title = single_pane_title if pane == 0 and single_pane_title else PANES[pane]
        colour = current_theme().colours.text_quiet
        parts.append(f'<p style="color:{colour}; margin:10px 0 2px 0"><b>{escape(tr(title))}</b></p>')
        parts.append('<table cellspacing="0" cellpadding="5" width="100%">')
        for number, sheet in enumerate(sheets):
            if sheet.line.elements:
                parts.append(_row(picking, pane, number, sheet))
        parts.append("</table>")
    return "".join(parts)


def _row(picking: Picking, pane: int, number: int, sheet: Sheet) -> str:
    colours = current_theme().colours
    now = picking.place
    is_here = now is not None and (now.pane, now.line) == (pane, number)
    asks = is_here and now is not None and now.element is None
    mark = {None: "☐", True: "☑", False: "☒"}[sheet.taken]
    colour = colours.text_disabled if sheet.taken is False else colours.text
    ground = f' bgcolor="{colours.selected}"' if asks else f' bgcolor="{colours.hover}"' if is_here else ""
    anchor = '<a name="now"></a>' if is_here else ""
    link = f'<a href="{pane}.{number}" style="text-decoration:none; color:{colours.accent}">{mark}</a>'
    words = _words(picking, pane, number, sheet)
    return (
        f'<tr{ground}><td width="24" valign="top">{anchor}{link}</td>'
        f'<td valign="top" style="color:{colour}">{words}</td></tr>'
    )


def _words(picking: Picking, pane: int, number: int, sheet: Sheet) -> str:
    made: list[str] = []
    asked = 0
    for element in sheet.line.elements:
        if isinstance(element, (Multi, Single, Numeric)):
            made.append(_element(picking, Place(pane, number, asked), sheet, element))
            asked += 1
        else:
            made.append(_plain(element))
    return "".join(made)


def _plain(element: Element) -> str:
    if isinstance(element, Text):
        return escape(element.value)
    assert isinstance(element, PlainParen)
    return escape(f"{element.opening}{element.value}{element.closing}")


def _element(picking: Picking, place: Place, sheet: Sheet, element: Multi | Single | Numeric) -> str:
    if isinstance(element, Numeric):
        return _numeric(picking, place, sheet, element)
    picked = sheet.picks.get(place.element or 0, frozenset())
    marks = ("［", "］") if isinstance(element, Multi) else ("（", "）")
    words = "；".join(
        f"<b>{escape(option)}</b>" if index in picked else escape(option)
        for index, option in enumerate(element.options)
    )
    return _link(picking, place, f"{marks[0]}{words}{marks[1]}", is_done=bool(picked))


def _numeric(picking: Picking, place: Place, sheet: Sheet, element: Numeric) -> str:
    made: list[str] = []
    slot = 0
    for part in element.parts:
        if isinstance(part, Slot):
            value = sheet.values.get((place.element or 0, slot), part.preset)
            shown = f"<b>{escape(value)}</b>" if value else "&nbsp;__&nbsp;"
            here = Place(place.pane, place.line, place.element, slot)
            made.append(_link(picking, here, f"｛{shown}｝", is_done=bool(value)))
            slot += 1
        else:
            made.append(escape(part))
    return "".join(made)


def _link(picking: Picking, place: Place, words: str, *, is_done: bool) -> str:
    theme = current_theme()
    colour = theme.tone(Tone.SUCCESS).text if is_done else theme.colours.accent
    ground = f"background-color:{theme.tone(Tone.WARNING).ground};" if picking.place == place else ""
    target = f"{place.pane}.{place.line}.{place.element}.{place.slot}"
    return f'<a href="{target}" style="text-decoration:none; color:{colour}; {ground}">{words}</a>'


def place_of(link: str) -> Place:
    """The step that a link names."""
    numbers = [int(part) for part in link.split(".")]
    return Place(*numbers)
