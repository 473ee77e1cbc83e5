"""Data Matrix ECC 200 (ISO/IEC 16022:2006) of short texts, as squares; knows no output."""

from __future__ import annotations

from dataclasses import dataclass

# side in modules, data codewords, error correction codewords, regions per side (table 7); one block each
_SIZES = (
    (10, 3, 5, 1), (12, 5, 7, 1), (14, 8, 10, 1), (16, 12, 12, 1), (18, 18, 14, 1), (20, 22, 18, 1), (22, 30, 20, 1),
    (24, 36, 24, 1), (26, 44, 28, 1), (32, 62, 36, 2), (36, 86, 42, 2), (40, 114, 48, 2), (44, 144, 56, 2),
    (48, 174, 68, 2),
)  # fmt: skip
_PAD, _UPPER_SHIFT, _ECI, _UTF8 = 129, 235, 241, 27


def matrix(text: str) -> tuple[tuple[bool, ...], ...]:
    """The symbol without quiet zone, rows from the top. Raises ValueError for an empty or too long text."""
    words = _codewords(text)
    for side, capacity, correction, regions in _SIZES:
        if len(words) <= capacity:
            padded = _padded(words, capacity)
            return _symbol(padded + _correction(padded, correction), side, regions)
    raise ValueError(f"a Data Matrix code holds at most {_SIZES[-1][1]} code words, this text needs {len(words)}")


def _codewords(text: str) -> list[int]:
    """ASCII encodation (5.2.3); other characters as UTF-8 behind ECI 26 and the upper shift."""
    if not text:
        raise ValueError("a Data Matrix code needs a text")
    words = [] if text.isascii() else [_ECI, _UTF8]
    data = text.encode("utf-8")
    index = 0
    while index < len(data):
        pair = data[index : index + 2]
        if len(pair) == 2 and pair.isdigit():
            words.append(130 + int(pair))
            index += 2
            continue
        value = data[index]
        words += [value + 1] if value < 128 else [_UPPER_SHIFT, value - 127]
        index += 1
    return words


def _padded(words: list[int], capacity: int) -> list[int]:
    """Fill up; every pad after the first is scrambled by its place (5.2.3 and annex B.1.1)."""
    padded = list(words)
    if len(padded) < capacity:
        padded.append(_PAD)
    while len(padded) < capacity:
        value = _PAD + (149 * (len(padded) + 1)) % 253 + 1
        padded.append(value if value <= 254 else value - 254)
    return padded


def _tables() -> tuple[list[int], list[int]]:
    powers, logs = [0] * 256, [0] * 256
    value = 1
    for exponent in range(255):
        powers[exponent], logs[value] = value, exponent
        value <<= 1
        if value & 0x100:
            value ^= 0x12D  # the field's polynomial (annex E)
    return powers, logs


_POWERS, _LOGS = _tables()


def _times(one: int, other: int) -> int:
    return _POWERS[(_LOGS[one] + _LOGS[other]) % 255] if one and other else 0


def _correction(words: list[int], count: int) -> list[int]:
    """Reed-Solomon code words (annex E)."""
    generator = [1]
    for exponent in range(1, count + 1):
        longer = [*generator, 0]
        for index, factor in enumerate(generator):
            longer[index + 1] ^= _times(factor, _POWERS[exponent])
        generator = longer
    rest = [0] * count
    for word in words:
        lead = word ^ rest[0]
        rest = [*rest[1:], 0]
        for index in range(count):
            rest[index] ^= _times(generator[index + 1], lead)
    return rest


def _symbol(words: list[int], side: int, regions: int) -> tuple[tuple[bool, ...], ...]:
    """Put the mapping matrix into its regions with their finder and clock patterns (5.3)."""
    inner = side // regions - 2
    mapped = _Placement(inner * regions).filled(words)
    rows = [[False] * side for _ in range(side)]
    for row in range(side):
        for column in range(side):
            y, x = row % (inner + 2), column % (inner + 2)
            if x == 0 or y == inner + 1:
                rows[row][column] = True
            elif y == 0:
                rows[row][column] = column % 2 == 0
            elif x == inner + 1:
                rows[row][column] = row % 2 == 1
            else:
                place = (row // (inner + 2) * inner + y - 1, column // (inner + 2) * inner + x - 1)
                rows[row][column] = mapped[place]
    return tuple(tuple(row) for row in rows)


@dataclass
class _Placement:
    """Where each bit of each code word goes (annex F.3)."""

    size: int

    def filled(self, words: list[int]) -> dict[tuple[int, int], bool]:
        size = self.size
        places: dict[tuple[int, int], tuple[int, int]] = {}

        def put(row: int, column: int, word: int, bit: int) -> None:
            if row < 0:
                row += size
                column += 4 - (size + 4) % 8
            if column < 0:
                column += size
                row += 4 - (size + 4) % 8
            places[row, column] = (word, bit)

        def shape(row: int, column: int, word: int) -> None:
            steps = ((-2, -2), (-2, -1), (-1, -2), (-1, -1), (-1, 0), (0, -2), (0, -1), (0, 0))
            for bit, (down, right) in enumerate(steps):
                put(row + down, column + right, word, bit)

        def corner(cells: tuple[tuple[int, int], ...], word: int) -> None:
            for bit, (row, column) in enumerate(cells):
                put(row, column, word, bit)

        last = size - 1
        right = ((0, last), (1, last), (2, last), (3, last))
        left = ((last - 2, 0), (last - 1, 0), (last, 0))
        corners = {
            1: ((last, 0), (last, 1), (last, 2), (0, last - 1), *right),
            2: (*left, (0, last - 3), (0, last - 2), (0, last - 1), (0, last), (1, last)),
            3: (*left, (0, last - 1), *right),
            4: ((last, 0), (last, last), *((y, x) for y in (0, 1) for x in (last - 2, last - 1, last))),
        }
        word, row, column = 0, 4, 0
        while row < size or column < size:
            if row == size and column == 0:
                corner(corners[1], word)
                word += 1
            if row == size - 2 and column == 0 and size % 4:
                corner(corners[2], word)
                word += 1
            if row == size - 2 and column == 0 and size % 8 == 4:
                corner(corners[3], word)
                word += 1
            if row == size + 4 and column == 2 and size % 8 == 0:
                corner(corners[4], word)
                word += 1
            while row >= 0 and column < size:  # up and to the right
                if row < size and column >= 0 and (row, column) not in places:
                    shape(row, column, word)
                    word += 1
                row, column = row - 2, column + 2
            row, column = row + 1, column + 3
            while row < size and column >= 0:  # down and to the left
                if row >= 0 and column < size and (row, column) not in places:
                    shape(row, column, word)
                    word += 1
                row, column = row + 2, column - 2
            row, column = row + 3, column + 1
        cells = {
            place: bool(words[word] >> (7 - bit) & 1) for place, (word, bit) in places.items() if word < len(words)
        }
        for y in range(size):
            for x in range(size):
                # The lower right corner that no code word reaches is a small chess board (F.3).
                cells.setdefault((y, x), (y, x) in ((last, last), (last - 1, last - 1)))
        return cells
