"""Labels of blocks and slides: released by the server, drawn by it, and handed to the printer of this desk; no Qt.

The release counts copies, refuses a second print that was not confirmed and keeps the single-piece flow (EX-PA-02);
only what it lets through is drawn. What was refused is named.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from shared.contract import pathology_papers as papers
from shared.contract.pathology_preparation import ReleaseLabels, SlideView
from shared.contract.pathology_technique import BatchReport, BlockView, MarkCassettesPrinted

SYMBOLOGY = "pathology/labels/symbology"
"""Setting of this desk: which barcode its labels bear, a value of `Symbology`."""
Ask = Callable[[str, tuple[tuple[str, str, str], ...], Callable[[str], None]], None]
"""Ask a question: the sentence, the answers (key, Chinese words, look), and who hears the key."""


@dataclass(frozen=True, slots=True)
class Printed:
    """What became of a print."""

    done: tuple[int, ...]
    skipped: tuple[str, ...]  # a sentence each
    sentence: str  # where it went


def symbology_of(desk: Desk) -> papers.Symbology:
    """The barcode of this desk's labels."""
    try:
        return papers.Symbology(str(desk.place.desk_settings.get(SYMBOLOGY, "")))
    except ValueError:
        return papers.Symbology.DATAMATRIX


def print_cassettes(
    desk: Desk, blocks: Sequence[BlockView], ask: Ask, then: Callable[[Printed], None] = lambda _printed: None
) -> None:
    """包埋条码 of these blocks; those that have labels are asked about first (PA-BAR-04)."""
    station = desk.station.id.value

    def release(ids: tuple[int, ...], reprint: bool) -> Any:
        return MarkCassettesPrinted(block_ids=ids, reprint=reprint, station=station)

    def draw(ids: tuple[int, ...]) -> Any:
        output = desk.papers.output(papers.CASSETTE)
        return papers.DrawCassetteLabels(block_ids=ids, symbology=symbology_of(desk), output=output)

    _print(desk, [(one.id, one.label_prints) for one in blocks], release, draw, ask, then)


def print_slides(
    desk: Desk,
    slides: Sequence[SlideView],
    ask: Ask,
    block_codes: Sequence[str] = (),
    then: Callable[[Printed], None] = lambda _printed: None,
) -> None:
    """制片条码 of these slides; `block_codes` are the blocks scanned since the last print (EX-PA-02)."""
    station = desk.station.id.value

    def release(ids: tuple[int, ...], reprint: bool) -> Any:
        return ReleaseLabels(slide_ids=ids, block_codes=tuple(block_codes), reprint=reprint, station=station)

    def draw(ids: tuple[int, ...]) -> Any:
        output = desk.papers.output(papers.SLIDE)
        return papers.DrawSlideLabels(slide_ids=ids, symbology=symbology_of(desk), output=output)

    _print(desk, [(one.id, one.label_prints) for one in slides], release, draw, ask, then)


def _print(
    desk: Desk,
    pieces: Sequence[tuple[int, int]],
    release: Callable[[tuple[int, ...], bool], Any],
    draw: Callable[[tuple[int, ...]], Any],
    ask: Ask,
    then: Callable[[Printed], None],
) -> None:
    place = desk.place
    fresh = tuple(one for one, prints in pieces if not prints)
    everything = tuple(one for one, _prints in pieces)
    again = len(everything) - len(fresh)
    if not everything:
        place.messages.say(tr("没有可打印的条码。"), Tone.WARNING)
        return

    def go(ids: tuple[int, ...], reprint: bool) -> None:
        def work() -> Printed:
            report: BatchReport = place.connection.call(release(ids, reprint))
            done = tuple(line.id for line in report.lines if line.is_done)
            skipped = tuple(line.message for line in report.lines if not line.is_done)
            where = desk.papers.hand_out(place.connection.call(draw(done))) if done else ""
            return Printed(done, skipped, where)

        def came(printed: Printed) -> None:
            if printed.done:
                place.messages.say(printed.sentence, Tone.SUCCESS)
            for sentence in printed.skipped[:3]:
                place.messages.say(sentence, Tone.WARNING)
            then(printed)

        place.runner.run(work, came, place.messages.report)

    def answered(key: str) -> None:
        if key == "again":
            go(everything, True)
        elif key == "fresh":
            go(fresh, False)

    if not again:
        go(everything, False)
        return
    answers = [("again", "重新打印", "primary"), ("fresh", "只打印未打印的", ""), ("stay", "取消", "")]
    if not fresh:
        del answers[1]
    sentence = tr("{count} 张标签已打印过，重打会留下记录。确定要重新打印吗？", count=again)
    ask(sentence, tuple(answers), answered)
