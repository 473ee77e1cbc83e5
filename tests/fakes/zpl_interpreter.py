"""Draws the part of ZPL II that labels use, for tests: fields at places, pictures with their compression, Code 128.

Written from the ZPL II guide and not from the generator. What it does not know is an error, so nothing is overlooked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from PIL import Image, ImageDraw

_COMMAND = re.compile(rb"([\^~])([A-Z@][A-Z0-9@])([^\^~]*)")
_REPEATS = {chr(ord("G") + n): n + 1 for n in range(19)} | {chr(ord("g") + n): 20 * (n + 1) for n in range(20)}


class ZplError(ValueError):
    """The bytes are no label that this interpreter understands."""


@dataclass
class PrintedLabel:
    """One label as it came out; `fields` are the texts of its bar codes."""

    image: Image.Image
    copies: int
    fields: list[str] = field(default_factory=list)
    darkness: int | None = None


@dataclass
class _State:
    width: int = 0
    length: int = 0
    origin: tuple[int, int] = (0, 0)
    module: int = 2
    bars: tuple[str, int] | None = None
    hexadecimal: bool = False
    utf8: bool = False
    copies: int = 1
    drawn: list[tuple[Image.Image, tuple[int, int]]] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)


def draw_labels(zpl: bytes) -> list[PrintedLabel]:
    """The labels that a printer would print. Raises ZplError."""
    labels: list[PrintedLabel] = []
    state: _State | None = None
    darkness: int | None = None
    for _sign, name, raw in _COMMAND.findall(zpl):
        command, value = name.decode(), raw.decode("ascii").rstrip("\r\n")
        if command == "SD":
            darkness = int(value)
        elif command == "XA":
            state = _State()
        elif state is None:
            raise ZplError(f"{command} outside a label")
        elif command == "XZ":
            labels.append(_finish(state, darkness))
            state = None
        else:
            _obey(state, command, value)
    if state is not None:
        raise ZplError("the label has no end")
    return labels


def _obey(state: _State, command: str, value: str) -> None:
    parts = value.split(",")
    if command == "CI":
        state.utf8 = value == "28"
    elif command == "PW":
        state.width = int(value)
    elif command == "LL":
        state.length = int(value)
    elif command == "LH":
        if parts != ["0", "0"]:
            raise ZplError("another label home")
    elif command == "FO":
        state.origin = (int(parts[0]), int(parts[1]))
    elif command == "GF":
        state.drawn.append((_graphic(value), state.origin))
    elif command == "BY":
        state.module = int(parts[0])
    elif command == "BC":
        if parts[2:5] != ["N", "N", "N"] or parts[5] != "A":
            raise ZplError(f"an unknown kind of Code 128: {value}")
        state.bars = (parts[0], int(parts[1]))
    elif command == "FH":
        state.hexadecimal = value == "_"
    elif command == "FD":
        _field(state, value)
    elif command == "FS":
        state.bars, state.hexadecimal = None, False
    elif command == "PQ":
        state.copies = int(parts[0])
    else:
        raise ZplError(f"the command {command} is not known")


def _field(state: _State, value: str) -> None:
    if state.bars is None:
        raise ZplError("field data without a bar code")
    data = value.encode("ascii")
    if state.hexadecimal:
        data = re.sub(rb"_([0-9A-Fa-f]{2})", lambda met: bytes([int(met.group(1), 16)]), data)
    text = data.decode("utf-8" if state.utf8 else "cp850")
    turn, height = state.bars
    state.drawn.append((_code128(text, state.module, height, turn), state.origin))
    state.fields.append(text)


def _code128(text: str, module: int, height: int, turn: str) -> Image.Image:
    """By the tables of ISO/IEC 15417, set B and C, changed as the printer's automatic mode does."""
    values, index, in_c = list[int](), 0, False
    digits = len(text) - len(text.lstrip("0123456789"))
    if digits >= 4 or (digits == len(text) and digits == 2):
        values, in_c = [105], True
    else:
        values = [104]
    while index < len(text):
        run = re.match(r"\d*", text[index:])
        count = len(run.group()) if run else 0
        if in_c and count >= 2:
            values.append(int(text[index : index + 2]))
            index += 2
        elif in_c:
            values.append(100)
            in_c = False
        elif count >= 4 and count % 2 == 0:
            values.append(99)
            in_c = True
        else:
            values.append(ord(text[index]) - 32)
            index += 1
    check = (values[0] + sum(place * value for place, value in enumerate(values[1:], 1))) % 103
    widths = "".join(_WIDTHS[value] for value in [*values, check, 106])
    picture = Image.new("1", (sum(map(int, widths)) * module, height), 0)
    draw, x = ImageDraw.Draw(picture), 0
    for place, size in enumerate(map(int, widths)):
        if place % 2 == 0:
            draw.rectangle((x, 0, x + size * module - 1, height - 1), fill=1)
        x += size * module
    return picture.rotate({"N": 0, "R": -90, "I": 180, "B": 90}[turn], expand=True)


def _graphic(value: str) -> Image.Image:
    kind, total, _count, row_bytes, data = value.split(",", 4)
    if kind != "A":
        raise ZplError("only hexadecimal pictures")
    per_row = int(row_bytes) * 2
    rows: list[str] = []
    row, repeat = "", 0
    for sign in data:
        if sign in _REPEATS:
            repeat += _REPEATS[sign]
        elif sign == ",":
            rows.append(row.ljust(per_row, "0"))
            row = ""
        elif sign == ":":
            rows.append(rows[-1])
        elif sign in "0123456789ABCDEF":
            row += sign * (repeat or 1)
            repeat = 0
        else:
            raise ZplError(f"{sign!r} in a picture")
        if len(row) > per_row:
            raise ZplError("a row of a picture is too long")
        if len(row) == per_row:
            rows.append(row)
            row = ""
    if row or len(rows) * int(row_bytes) != int(total):
        raise ZplError("a picture is not whole")
    return Image.frombytes("1", (int(row_bytes) * 8, len(rows)), bytes.fromhex("".join(rows)))


def _finish(state: _State, darkness: int | None) -> PrintedLabel:
    sheet = Image.new("1", (state.width, state.length), 0)
    for picture, place in state.drawn:
        sheet.paste(1, place, picture)
    return PrintedLabel(sheet.point(lambda dot: 0 if dot else 255), state.copies, state.fields, darkness)


# Bar and space widths of the values 0 to 106 (ISO/IEC 15417 table 1).
_WIDTHS = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 "
    "123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 "
    "232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 "
    "313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 "
    "111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 "
    "111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 "
    "114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112"
).split()
