"""Form and prose as one document: the form writes its sentences into the text, hands change them, nothing is lost.

Each sentence knows where it stands in the flat text (shared.domain.structured_text). A hand's change moves, changes or
takes away sentences (`follow`); a change of the form changes only sentences that no hand touched (`refill`) and
proposes the rest, for which the doctor chooses (`choose`). Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from shared.domain.structured import FieldValue, FormContent, Part, Sentence
from shared.domain.structured_form import Filled
from shared.domain.structured_prose import Fresh, sentences
from shared.domain.structured_text import Edit

Texts = Mapping[Part, str]
"""The flat text of findings and impression."""


class Choice(StrEnum):
    """What becomes of a sentence that a hand changed when the form says something else now."""

    MINE = "mine"  # 保留手改
    FORM = "form"  # 用表单的句子
    BOTH = "both"  # 两者都留


@dataclass(frozen=True, slots=True)
class Woven:
    """The form afterwards, and what to change in each text, in this order."""

    form: FormContent
    edits: Mapping[Part, tuple[Edit, ...]] = field(default_factory=dict)


def _end(sentence: Sentence) -> int:
    return sentence.start + len(sentence.standing)


def _at(sentence: Sentence, start: int, standing: str | None = None) -> Sentence:
    if start == sentence.start and standing is None:
        return sentence
    changed = sentence.standing if standing is None else standing
    return msgspec.structs.replace(sentence, start=start, standing=changed)


# ── hands ────────────────────────────────────────────────────────────────────────────────────────────


def follow(form: FormContent, part: Part, before: str, after: str) -> FormContent:
    """Return the form after a hand changed the flat text of one part from `before` to `after`."""
    if before == after or not form.sentences:
        return form
    first = _alike_from_start(before, after)
    tail = _alike_from_end(before, after, first)
    change = _Change(first, len(before) - tail, len(after) - tail, after)
    moved = [change.applied(one) if one.part is part else one for one in form.sentences]
    return _with_sentences(form, _found_again(moved, part, change))


def _alike_from_start(one: str, two: str) -> int:
    low, high = 0, min(len(one), len(two))
    while low < high:  # slices compare much faster than characters one by one
        middle = (low + high + 1) // 2
        if one[:middle] == two[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _alike_from_end(one: str, two: str, first: int) -> int:
    low, high = 0, min(len(one), len(two)) - first
    while low < high:
        middle = (low + high + 1) // 2
        if one[len(one) - middle :] == two[len(two) - middle :]:
            low = middle
        else:
            high = middle - 1
    return low


@dataclass(frozen=True, slots=True)
class _Change:
    """Characters `start` to `old_end` became `start` to `new_end` of `text`."""

    start: int
    old_end: int
    new_end: int
    text: str

    def applied(self, sentence: Sentence) -> Sentence:
        start, end, shift = sentence.start, _end(sentence), self.new_end - self.old_end
        if end <= self.start and not (start == end == self.start and self.old_end > self.start):
            return sentence
        if start >= self.old_end:
            return _at(sentence, start + shift)
        if start <= self.start and self.old_end <= end:  # inside the sentence: it was changed by hand
            return _at(sentence, start, self.text[start : end + shift])
        if start < self.start:  # its end was changed together with what follows
            return _at(sentence, start, self.text[start : self.start])
        if self.old_end < end:  # its beginning was
            return _at(sentence, self.new_end, self.text[self.new_end : end + shift])
        return _at(sentence, self.start, "")  # gone, unless it is found again in what came instead


def _found_again(moved: list[Sentence], part: Part, change: _Change) -> list[Sentence]:
    """Find sentences that are gone in the text that came in: cut and pasted, undone, or part of a larger change."""
    if change.new_end == change.start:
        return moved
    gone = [number for number, one in enumerate(moved) if one.part is part and not one.standing and one.written]
    taken = [(one.start, _end(one)) for one in moved if one.part is part and one.standing]
    for number in gone:
        at = _free_place(change.text, moved[number].written, change.start, change.new_end, taken)
        if at >= 0:
            moved[number] = _at(moved[number], at, moved[number].written)
            taken.append((at, at + len(moved[number].written)))
    return moved


def _free_place(text: str, wanted: str, start: int, end: int, taken: list[tuple[int, int]]) -> int:
    """Return where `wanted` stands in a stretch of the text that no sentence has taken; -1 when nowhere."""
    at = text.find(wanted, start, end)
    while at >= 0 and any(at < stop and begin < at + len(wanted) for begin, stop in taken):
        at = text.find(wanted, at + 1, end)
    return at


def settled(form: FormContent, texts: Texts) -> FormContent:
    """Return the form with each sentence where it stands in texts that came from elsewhere (merged, restored).

    What is not found counts as taken out by hand.
    """
    found: list[Sentence] = []
    taken: dict[Part, list[tuple[int, int]]] = {}
    for one in sorted(form.sentences, key=lambda sentence: (-len(sentence.standing), sentence.start)):
        text, places = texts.get(one.part, ""), taken.setdefault(one.part, [])
        placed = _at(one, min(one.start, len(text)), "")
        for words in dict.fromkeys((one.standing, one.written)):
            if not words:
                continue
            near = -1
            if text.startswith(words, one.start) and one.start >= 0:
                near = _free_place(text, words, one.start, one.start + len(words), places)
            at = near if near >= 0 else _free_place(text, words, 0, len(text), places)
            if at >= 0:
                placed = _at(one, at, words)
                places.append((at, at + len(words)))
                break
        found.append(placed)
    by_key = {one.key: one for one in found}
    return _with_sentences(form, [by_key[one.key] for one in form.sentences])


def _with_sentences(form: FormContent, found: Iterable[Sentence]) -> FormContent:
    return msgspec.structs.replace(form, sentences=tuple(found))


# ── the form ─────────────────────────────────────────────────────────────────────────────────────────


class _Loom:
    """Puts sentences into the texts and keeps all positions right."""

    def __init__(self, form: FormContent, texts: Texts, order: Mapping[str, int]) -> None:
        self.sentences = list(form.sentences)
        self._texts = dict(texts)
        self._order = order
        self.edits: dict[Part, list[Edit]] = {}

    def index(self, key: str) -> int:
        return next((number for number, one in enumerate(self.sentences) if one.key == key), -1)

    def replace(self, number: int, words: str) -> None:
        """Put other words in place of a sentence; its paragraph goes when nothing else stood there."""
        one = self.sentences[number]
        start, end, text = one.start, _end(one), self._texts.get(one.part, "")
        if not words and (start, end) != (0, len(text)):
            starts_line = start == 0 or text[start - 1] == "\n"
            if starts_line and (end == len(text) or text[end] == "\n"):
                if end < len(text):
                    end += 1
                else:
                    start -= 1
        self._edit(one.part, Edit(start, end, words), number)
        self.sentences[number] = msgspec.structs.replace(
            one, start=min(one.start, start), written=words, standing=words, proposed=None
        )

    def insert(self, fresh: Fresh, section_of: Callable[[str], str], own_line_of: Callable[[str], bool]) -> None:
        """Put a new sentence where the order of the form wants it."""
        rank = self._order[fresh.key]
        beside = [
            (self._order.get(one.key, -1), number, one)
            for number, one in enumerate(self.sentences)
            if one.part is fresh.part and one.key in self._order
        ]
        before = max(((o, n, s) for o, n, s in beside if o < rank), key=lambda found: found[0], default=None)
        after = min(((o, n, s) for o, n, s in beside if o > rank), key=lambda found: found[0], default=None)
        text = self._texts.get(fresh.part, "")
        if before is not None:
            one = before[2]
            if section_of(one.key) == fresh.section and not fresh.own_line and one.standing:
                at, lead, trail = _end(one), "", ""
            else:
                end = text.find("\n", _end(one))
                at, lead, trail = self._outside(fresh.part, len(text) if end < 0 else end), "\n", ""
                lead = "" if not text else lead
        elif after is not None:
            one = after[2]
            if section_of(one.key) == fresh.section and not own_line_of(one.key) and one.standing:
                at, lead, trail = one.start, "", ""
            else:
                at = self._outside(fresh.part, text.rfind("\n", 0, one.start) + 1, before=True)
                lead, trail = "", "\n" if text else ""
        else:
            at, lead, trail = len(text), "\n" if text.strip() else "", ""
            if not text.strip():
                self._edit(fresh.part, Edit(0, len(text), ""), -1)
                at = 0
        self._edit(fresh.part, Edit(at, at, lead + fresh.text + trail), -1, rank)
        self.sentences.append(
            Sentence(key=fresh.key, part=fresh.part, start=at + len(lead), written=fresh.text, standing=fresh.text)
        )

    def insert_free(self, number: int, words: str) -> None:
        """Let the words of a sentence be free text and go on with `words` behind them."""
        one = self.sentences[number]
        at = _end(one)
        self._edit(one.part, Edit(at, at, words), number)
        self.sentences[number] = msgspec.structs.replace(one, start=at, written=words, standing=words, proposed=None)

    def _outside(self, part: Part, at: int, *, before: bool = False) -> int:
        """Move a place that is inside a sentence to its end (or its beginning)."""
        for one in self.sentences:
            if one.part is part and one.start < at < _end(one):
                return one.start if before else _end(one)
        return at

    def _edit(self, part: Part, edit: Edit, own: int, rank: int = -1) -> None:
        if edit.start == edit.end and not edit.text:
            return
        text = self._texts.get(part, "")
        self._texts[part] = text[: edit.start] + edit.text + text[edit.end :]
        self.edits.setdefault(part, []).append(edit)
        shift = len(edit.text) - (edit.end - edit.start)
        for number, one in enumerate(self.sentences):
            if number == own or one.part is not part:
                continue
            if one.start >= edit.end and (one.start > edit.start or self._comes_after(one, rank, edit)):
                self.sentences[number] = _at(one, one.start + shift)
            elif edit.start < one.start < edit.end:
                self.sentences[number] = _at(one, edit.start)

    def _comes_after(self, one: Sentence, rank: int, edit: Edit) -> bool:
        """Of what stands exactly where something is put in: words move on, an empty place only if it comes later."""
        return bool(one.standing) or (edit.start == edit.end and self._order.get(one.key, -1) > rank >= 0)

    def woven(self, form: FormContent) -> Woven:
        ordered = sorted(self.sentences, key=lambda one: (self._order.get(one.key, 1 << 30), one.key))
        return Woven(_with_sentences(form, ordered), {part: tuple(found) for part, found in self.edits.items()})


def refill(filled: Filled, texts: Texts) -> Woven:
    """Return the form of `filled` with its sentences as they should be, and the edits that make them so.

    `texts` are the flat texts as they stand. Sentences that a hand changed stay; if the form would say something else
    than when it wrote them, that is proposed.
    """
    form = filled.form
    fresh = sentences(filled)
    order = {one.key: rank for rank, one in enumerate(fresh)}
    facts = {one.key: one for one in fresh}
    loom = _Loom(form, texts, order)
    for key in [one.key for one in form.sentences]:
        _renew(loom, key, facts[key].text if key in facts else "")
    present = {one.key for one in loom.sentences}
    for one in fresh:
        if one.text and one.key not in present:
            loom.insert(
                one,
                lambda key: facts[key].section if key in facts else "",
                lambda key: key in facts and facts[key].own_line,
            )
    return loom.woven(form)


def _renew(loom: _Loom, key: str, words: str) -> None:
    number = loom.index(key)
    one = loom.sentences[number]
    if not one.is_edited:
        if words != one.written:
            loom.replace(number, words)
        if not words:
            del loom.sentences[number]
    elif words == one.standing:
        loom.sentences[number] = msgspec.structs.replace(one, written=words, proposed=None)
        if not words:
            del loom.sentences[number]
    elif words == one.written:
        loom.sentences[number] = msgspec.structs.replace(one, proposed=None)
    else:
        loom.sentences[number] = msgspec.structs.replace(one, proposed=words)


def choose(form: FormContent, key: str, choice: Choice, texts: Texts) -> Woven:
    """Settle what was proposed for a hand-edited sentence. Nothing happens when nothing is proposed."""
    loom = _Loom(form, texts, {one.key: rank for rank, one in enumerate(form.sentences)})
    number = loom.index(key)
    if number < 0 or loom.sentences[number].proposed is None:
        return Woven(form)
    proposed = loom.sentences[number].proposed or ""
    if choice is Choice.MINE:
        loom.sentences[number] = msgspec.structs.replace(loom.sentences[number], written=proposed, proposed=None)
    elif choice is Choice.FORM:
        loom.replace(number, proposed)
    else:
        loom.insert_free(number, proposed)
    if choice is not Choice.MINE and not proposed:
        del loom.sentences[number]
    return loom.woven(form)


def renewed(form: FormContent, key: str, texts: Texts) -> Woven:
    """Give a hand-edited sentence back to the form: what the form wrote last stands again."""
    number = next((n for n, one in enumerate(form.sentences) if one.key == key), -1)
    if number < 0 or not form.sentences[number].is_edited:
        return Woven(form)
    one = form.sentences[number]
    asked = msgspec.structs.replace(one, proposed=one.written if one.proposed is None else one.proposed)
    changed = (*form.sentences[:number], asked, *form.sentences[number + 1 :])
    return choose(_with_sentences(form, changed), key, Choice.FORM, texts)


def taken_out(form: FormContent, texts: Texts) -> Woven:
    """Take the form's own sentences out of the texts; those that a hand changed stay as free text."""
    loom = _Loom(form, texts, {one.key: rank for rank, one in enumerate(form.sentences)})
    for key in [one.key for one in form.sentences if not one.is_edited]:
        loom.replace(loom.index(key), "")
    return Woven(form, {part: tuple(found) for part, found in loom.edits.items()})


# ── two hands ────────────────────────────────────────────────────────────────────────────────────────


def merged(base: FormContent | None, mine: FormContent | None, theirs: FormContent | None) -> FormContent | None:
    """Merge two forms that came of one: each field as the one who changed it, mine where both did.

    Of different templates mine stays. The caller settles the sentences in the merged texts (`settled`).
    """
    if mine is None or theirs is None:
        other = theirs if mine is None else mine
        return None if base is not None and other == base else other
    if (mine.template_id, mine.template_version) != (theirs.template_id, theirs.template_version):
        return mine
    before = base.values if base is not None else {}
    values: dict[str, FieldValue] = {}
    for path in sorted({*mine.values, *theirs.values}):
        own, others = mine.values.get(path), theirs.values.get(path)
        picked = others if own == before.get(path) else own
        if picked is not None:
            values[path] = picked
    items: dict[str, tuple[int, ...]] = {}
    for group in sorted({*mine.items, *theirs.items}):
        old = (base.items if base is not None else {}).get(group, ())
        ours_there, theirs_there = mine.items.get(group, ()), theirs.items.get(group, ())
        gone = {one for one in old if one not in ours_there or one not in theirs_there}
        items[group] = tuple(dict.fromkeys(one for one in (*ours_there, *theirs_there) if one not in gone))
    return msgspec.structs.replace(mine, values=values, items=items, sentences=_merged_sentences(base, mine, theirs))


def _merged_sentences(base: FormContent | None, mine: FormContent, theirs: FormContent) -> tuple[Sentence, ...]:
    """Take each sentence as the one who changed it has it, mine where both did; gone if one side took it out."""
    old = {one.key: one for one in base.sentences} if base is not None else {}
    ours, others = ({one.key: one for one in side.sentences} for side in (mine, theirs))
    found = []
    for key in dict.fromkeys([*ours, *others]):
        own, other, before = ours.get(key), others.get(key), old.get(key)
        picked = other if _says(own) == _says(before) else own
        if picked is not None:
            found.append(picked)
    return tuple(found)


def _says(sentence: Sentence | None) -> tuple[str, str, str | None] | None:
    return None if sentence is None else (sentence.written, sentence.standing, sentence.proposed)
