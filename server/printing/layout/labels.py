"""Exam labels (检查条码) and wristbands as PDF, and the same label as ZPL II for raw printing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from server.printing.layout import fonts
from server.printing.layout.barcodes import BarcodeError, code128, draw_code128, draw_qr
from server.printing.layout.sheet import (
    MM,
    Language,
    LayoutError,
    Metadata,
    Pen,
    RenderedDocument,
    Sheet,
    TextBlock,
    moment_text,
)

LABEL_MM = (50.0, 30.0)
WRISTBAND_MM = (250.0, 25.0)
MODULE_MM = 0.25  # two dots at 203 dpi; narrower bars are not read reliably by counter scanners
SIDE_MM = 2.5  # the quiet zone of ten modules
BLACK = (0.0, 0.0, 0.0)  # thermal printers know no grey


@dataclass(frozen=True)
class LabelFacts:
    """What stands on a label: `sex` and `age` as words, `at` local time of the appointment or registration."""

    exam_number: str
    name: str
    sex: str = ""
    age: str = ""
    item: str = ""
    room: str = ""
    at: dt.datetime | None = None
    hospital: str = ""
    patient_number: str = ""
    qr: str = ""  # text of an additional QR code


def render_label(facts: LabelFacts, made_at: dt.datetime, language: Language = "zh") -> RenderedDocument:
    """The 50 × 30 mm label. A number too long for bars of 0.25 mm is printed as a QR code instead.

    Raises LayoutError if the exam number is not printable ASCII.
    """
    width, height = LABEL_MM[0] * MM, LABEL_MM[1] * MM
    sheet = Sheet(width, height, _about(facts, made_at, language))
    pen = sheet.pen
    left, right = SIDE_MM * MM, width - SIDE_MM * MM
    room = right - left
    who = "  ".join(part for part in (facts.sex, facts.age) if part)
    used = pen.text(right, height - 5.2 * MM, who, 8.5, colour=BLACK, align="right")
    pen.fitted(left, height - 5.2 * MM, facts.name, 11.5, room - used - 5, bold=True, colour=BLACK)
    bars = _bars(facts.exam_number)
    code_width = bars.modules * MODULE_MM * MM
    if code_width <= room:
        draw_code128(
            pen.canvas, bars, (width - code_width) / 2, height - 15.4 * MM, module=MODULE_MM * MM, height=8.6 * MM
        )
        pen.text(width / 2, height - 18.4 * MM, facts.exam_number, 8, bold=True, colour=BLACK, align="centre")
    else:
        draw_qr(pen.canvas, facts.exam_number, left, height - 18.6 * MM, 12 * MM)
        number = TextBlock.of(facts.exam_number, room - 14 * MM, 8, bold=True)
        number.draw(pen, left + 14 * MM, height - 8 * MM)
    text_room = room
    if facts.qr:
        side = 9.4 * MM
        draw_qr(pen.canvas, facts.qr, right - side, 1.6 * MM, side)
        text_room -= side + 2 * MM
    pen.fitted(left, height - 22.4 * MM, facts.item, 8.5, text_room, bold=True, colour=BLACK)
    pen.fitted(
        left, height - 26.6 * MM, "  ".join(p for p in (facts.room, moment_text(facts.at)) if p), 7.5, text_room,
        colour=BLACK,
    )  # fmt: skip
    sheet.end_page()
    return sheet.finish()


def render_wristband(facts: LabelFacts, made_at: dt.datetime, language: Language = "zh") -> RenderedDocument:
    """A 250 × 25 mm band: QR and bars of the patient number, name large, so that it reads from the bedside."""
    number = facts.patient_number or facts.exam_number
    width, height = WRISTBAND_MM[0] * MM, WRISTBAND_MM[1] * MM
    sheet = Sheet(width, height, _about(facts, made_at, language))
    pen = sheet.pen
    x = 40 * MM  # the first 40 mm carry the clasp
    draw_qr(pen.canvas, number, x, 4 * MM, 17 * MM)
    x += 22 * MM
    used = pen.text(x, 14.5 * MM, facts.name[:24], 17, bold=True, colour=BLACK)
    pen.text(x + used + 10, 14.5 * MM, f"{facts.sex}  {facts.age}", 12, colour=BLACK)
    pen.fitted(x, 8.6 * MM, f"{number}   {facts.hospital}", 9.5, 90 * MM, colour=BLACK)
    pen.fitted(x, 4.2 * MM, f"{facts.item}  {moment_text(facts.at)}", 8, 90 * MM, colour=BLACK)
    bars = _bars(number)
    draw_code128(pen.canvas, bars, x + 95 * MM, 8 * MM, module=MODULE_MM * MM, height=12 * MM)
    pen.text(x + 95 * MM, 4.2 * MM, number, 8, colour=BLACK)
    sheet.end_page()
    return sheet.finish()


def label_zpl(facts: LabelFacts, dpi: int = 203) -> bytes:
    """The same label as ZPL II for port 9100 or a raw printer queue.

    The bars are the printer's own (exact dots); all text is sent as a bitmap of our face, because printers carry
    no Chinese font. `dpi` is 203, 300 or 600.
    """
    if dpi not in (203, 300, 600):
        raise LayoutError(f"label printers have 203, 300 or 600 dpi, not {dpi}; correct the printer's setting")
    dots = {203: 8, 300: 12, 600: 24}[dpi]  # per millimetre
    width, height = round(LABEL_MM[0] * dots), round(LABEL_MM[1] * dots)
    module = round(MODULE_MM * dots)
    bars = _bars(facts.exam_number)
    side = round(SIDE_MM * dots)
    picture = _label_text(facts, width, height, dots, with_bars=bars.modules * module <= width - 2 * side)
    commands = ["^XA", "^CI28", f"^PW{width}", f"^LL{height}", "^LH0,0", f"^FO0,0{_graphic(picture)}^FS"]
    if bars.modules * module <= width - 2 * side:
        x = (width - bars.modules * module) // 2
        commands.append(
            f"^FO{x},{round(6.8 * dots)}^BY{module}^BCN,{round(8.6 * dots)},N,N,N,A"
            f"^FH_^FD{_field(facts.exam_number)}^FS"
        )
    else:
        commands.append(
            f"^FO{side},{round(7 * dots)}^BQN,2,{max(2, dots // 3)}^FH_^FDMA,{_field(facts.exam_number)}^FS"
        )
    commands.append("^PQ1^XZ\n")
    return "\n".join(commands).encode("ascii")


def _about(facts: LabelFacts, made_at: dt.datetime, language: Language) -> Metadata:
    return Metadata(facts.exam_number, facts.hospital, facts.item, made_at, language)


def _bars(number: str) -> Any:
    try:
        return code128(number)
    except BarcodeError as fault:
        raise LayoutError(str(fault)) from fault


def _field(text: str) -> str:
    """Field data with ZPL's own signs as hexadecimal (^FH_)."""
    return "".join(f"_{ord(c):02X}" if c in "^~_\\>" else c for c in text)


def _label_text(facts: LabelFacts, width: int, height: int, dots: int, *, with_bars: bool) -> Any:
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("1", (width, height), 0)
    draw = ImageDraw.Draw(image)
    draw.fontmode = "1"  # no grey edges on a thermal head

    def put(x_mm: float, base_mm: float, text: str, size_pt: float, room_mm: float, bold: bool, anchor: str) -> float:
        lacking = fonts.missing_glyphs(text)
        shown = "".join(fonts.REPLACEMENT if c in lacking else c for c in text if c >= " ")
        size = size_pt * 25.4 / 72 * dots
        face = ImageFont.truetype(str(fonts.font_file(bold)), round(size))
        while face.getlength(shown) > room_mm * dots and len(shown) > 1:
            if face.size > size * 0.65:
                face = face.font_variant(size=face.size - 1)
            else:
                shown = shown[:-2] + "…"
        draw.text((round(x_mm * dots), round(base_mm * dots)), shown, fill=1, font=face, anchor=anchor)
        return float(face.getlength(shown)) / dots

    right = LABEL_MM[0] - SIDE_MM
    room = right - SIDE_MM
    who = "  ".join(part for part in (facts.sex, facts.age) if part)
    used = put(right, 5.2, who, 8.5, room, False, "rs") if who else 0.0
    put(SIDE_MM, 5.2, facts.name, 11.5, room - used - 2, True, "ls")
    if with_bars:
        put(LABEL_MM[0] / 2, 18.4, facts.exam_number, 8, room, True, "ms")
    put(SIDE_MM, 22.4, facts.item, 8.5, room, True, "ls")
    put(SIDE_MM, 26.6, "  ".join(p for p in (facts.room, moment_text(facts.at)) if p), 7.5, room, False, "ls")
    return image


def _graphic(image: Any) -> str:
    """A ^GF field in ASCII hexadecimal; one bit per dot, 1 is black, rows padded to bytes."""
    row_bytes = (image.width + 7) // 8
    data = image.tobytes()
    return f"^GFA,{len(data)},{len(data)},{row_bytes},{data.hex().upper()}"


def zpl_picture(zpl: bytes) -> bytes:
    """The bitmap of a label's ^GF field as PNG, for previews without a printer."""
    from PIL import Image

    _, _, rest = zpl.decode("ascii").partition("^GFA,")
    if not rest:
        raise LayoutError("these ZPL bytes hold no picture")
    total, _, row_bytes, data = rest.split("^FS")[0].split(",", 3)
    row = int(row_bytes)
    picture = Image.frombytes("1", (row * 8, int(total) // row), bytes.fromhex(data))
    inverted = picture.point(lambda dot: 0 if dot else 255)
    buffer = BytesIO()
    inverted.save(buffer, "PNG")
    return buffer.getvalue()


def draw_number(pen: Pen, number: str, x: float, y: float, *, room: float, height: float) -> None:
    """Bars of a number with its text below, right-aligned at x; narrower bars if the room asks for it."""
    bars = _bars(number)
    module = min(MODULE_MM * MM, room / bars.modules)
    start = x - bars.modules * module
    draw_code128(pen.canvas, bars, start, y, module=module, height=height)
    pen.text(start + bars.modules * module / 2, y - 9, number, 8, align="centre")
