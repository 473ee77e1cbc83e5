"""Serials of the grossing table (PA-NUM-06), as the server gives them and the grossing bench suggests them."""

from __future__ import annotations

from collections.abc import Set


def next_serial(taken: Set[str], *, several: bool) -> str:
    """Return the next grossing serial: letters where several specimens came together, else digits.

    A case that has rows goes on as it began.
    """
    digits = [int(one) for one in taken if one.isdecimal()]
    letters = [one for one in taken if one.isalpha()]
    if letters or (several and not digits):
        number = 0
        while (serial := _letters(number)) in taken:
            number += 1
        return serial
    return str(max(digits, default=0) + 1)


def _letters(number: int) -> str:
    """A to Z, then AA, AB …"""
    text = ""
    number += 1
    while number:
        number, place = divmod(number - 1, 26)
        text = chr(ord("A") + place) + text
    return text
