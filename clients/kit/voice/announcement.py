"""What is announced: the text of a call from a template, in one or two languages, the name masked or not."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from string import Formatter

from clients.kit.voice.voices import SpokenLanguage
from shared.dicomkit import names

TEMPLATE_ZH = "请{ticket}号，{name}，到{room}检查。"
TEMPLATE_ZH_NO_TICKET = "请{name}，到{room}检查。"
TEMPLATE_EN = "Number {ticket}, {name}, please go to {room}."
TEMPLATE_EN_NO_TICKET = "{name}, please go to {room}."

_FIELDS = {"ticket", "name", "room"}


@dataclass(frozen=True)
class SpokenText:
    """One sentence in one language."""

    text: str
    language: SpokenLanguage


@dataclass(frozen=True)
class Announcement:
    """One call. `key` says which call it is: the same key is never queued twice (e.g. the call's id)."""

    key: str
    texts: tuple[SpokenText, ...]


@dataclass(frozen=True)
class AnnouncementRules:
    """How a hospital wants its calls; templates may use {ticket}, {name} and {room}."""

    mask_names: bool = True
    languages: tuple[SpokenLanguage, ...] = ("zh",)
    template_zh: str = TEMPLATE_ZH
    template_en: str = TEMPLATE_EN

    def __post_init__(self) -> None:
        for template in (self.template_zh, self.template_en):
            unknown = {field for _, field, _, _ in Formatter().parse(template) if field is not None} - _FIELDS
            if unknown:
                raise ValueError(
                    f"叫号模板中有未知的占位符 {', '.join(sorted(unknown))}：只能使用 {{ticket}}、{{name}}、{{room}}"
                )


def call_text(
    rules: AnnouncementRules, language: SpokenLanguage, *, name: str, room: str, ticket: str = ""
) -> SpokenText:
    """The sentence of a call. Without a ticket number the template's default form without number is used."""
    shown = names.masked(name) if rules.mask_names else name
    template = rules.template_zh if language == "zh" else rules.template_en
    if not ticket and "{ticket}" in template:
        template = TEMPLATE_ZH_NO_TICKET if language == "zh" else TEMPLATE_EN_NO_TICKET
    return SpokenText(template.format(ticket=ticket, name=shown, room=room), language)


def call_announcement(
    key: str, rules: AnnouncementRules, *, name: str, room: str, ticket: str = "", room_en: str = ""
) -> Announcement:
    """A call in all the languages of the rules; `room_en` is the room's English name if it has one."""
    return Announcement(
        key,
        tuple(
            call_text(rules, language, name=name, room=room_en if language == "en" and room_en else room, ticket=ticket)
            for language in rules.languages
        ),
    )


def given_announcement(key: str, text_zh: str, text_en: str = "") -> Announcement:
    """A call whose sentences come ready from the server; empty ones are left out."""
    both = (SpokenText(text_zh, "zh"), SpokenText(text_en, "en"))
    return Announcement(key, tuple(spoken for spoken in both if spoken.text.strip()))


def cache_key(voice: str, spoken: SpokenText) -> str:
    """A file-safe key of a sentence; a hash, because the sentence holds a name."""
    return hashlib.sha256(f"{voice}\0{spoken.language}\0{spoken.text}".encode()).hexdigest()[:32]
