"""Finds the true character set of a study's texts before they are read into the index; the bytes stay as they are."""

from __future__ import annotations

from shared.dicomkit.charset_doctor import examine_all, note_of, read_as
from shared.dicomkit.charsets import EXACTLY, is_known, plain_label

_CHARACTER_SET = 0x00080005
_TEXTS = (
    0x00100010,  # Patient's Name: first, since it says most
    0x00081030,  # Study Description
    0x0008103E,  # Series Description
    0x00080080,  # Institution Name
    0x00080090,  # Referring Physician's Name
    0x00081040,  # Institutional Department Name
    0x00081050,  # Performing Physician's Name
    0x00081070,  # Operators' Name
    0x00181030,  # Protocol Name
    0x001021B0,  # Additional Patient History
    0x00104000,  # Patient Comments
)


def truly_labelled(tags: dict[int, bytes], forced: str = "") -> tuple[dict[int, bytes], str]:
    """The tags with the character set that their texts are in, and a note for people where the label is wrong.

    `forced` is a character set chosen by hand, which nothing overrules.
    """
    if forced:
        return {
            **tags,
            _CHARACTER_SET: f"{EXACTLY}{forced}".encode("ascii", "replace"),
        }, f"字符集由管理员指定为 {forced}。"
    values = [value for tag in _TEXTS if (value := tags.get(tag)) and not value.isascii()]
    if not values:
        return tags, ""
    declared = tags.get(_CHARACTER_SET, b"").decode("ascii", "replace").strip(" \0")
    if declared.startswith(EXACTLY):
        return tags, ""
    reading = examine_all([value.rstrip(b" \0") for value in values], plain_label(declared))
    if reading is None:
        return tags, ""
    note = note_of(declared, reading)
    if is_known(reading):
        return {**tags, _CHARACTER_SET: reading.encode("ascii")}, note
    # encoded twice: a repair and no character set, so the texts themselves are written anew for the index
    mended = {tag: read_as(tags[tag].rstrip(b" \0"), reading) for tag in _TEXTS if tags.get(tag)}
    texts = {tag: text.encode() for tag, text in mended.items() if text is not None}
    return {**tags, **texts, _CHARACTER_SET: b"ISO_IR 192"}, note
