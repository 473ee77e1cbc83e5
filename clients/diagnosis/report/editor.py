"""The rich text editor of findings and impression: Qt's document outside, the report's restricted subset inside."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape, unescape
from typing import cast

from PySide6.QtCore import QEvent, QMimeData, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QKeyEvent,
    QTextBlock,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFragment,
    QTextList,
    QTextListFormat,
)
from PySide6.QtWidgets import QTextEdit

from clients.kit.theme import current_theme, is_look_change
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.domain.rich_text import plain, sanitised

_SMALLEST, _USUAL, _LARGEST = 12, 15, 32  # pixels
_LINE_SEPARATOR = "\u2028"
_NO_WORDS = " \t\n\r\xa0\u2028\ufffc"


@dataclass(frozen=True, slots=True)
class _Written:
    """A block as it was read: its list, its words with marks, whether there are words."""

    list_tag: str
    inline: str
    has_words: bool


def subset_html(document: QTextDocument) -> str:
    """Return the document in the report's subset; empty when it holds no words."""
    return _joined([_read(block) for block in _blocks(document.begin(), document.blockCount())])


def _blocks(first: QTextBlock, count: int) -> Iterator[QTextBlock]:
    block = first
    for _ in range(count):
        if not block.isValid():
            return
        yield block
        block = block.next()


def _read(block: QTextBlock) -> _Written:
    return _Written(_list_tag(block), _inline(block), bool(block.text().strip(_NO_WORDS)))


def _joined(blocks: Sequence[_Written]) -> str:
    if not any(block.has_words for block in blocks):
        return ""
    parts: list[str] = []
    open_list = ""
    for block in blocks:
        wanted = block.list_tag
        if wanted != open_list:
            if open_list:
                parts.append(f"</{open_list}>")
            if wanted:
                parts.append(f"<{wanted}>")
            open_list = wanted
        parts.append(f"<li>{block.inline}</li>" if wanted else f"<p>{block.inline}</p>")
    if open_list:
        parts.append(f"</{open_list}>")
    return "".join(parts)


_BLOCK = re.compile(r"<p>(?:(?!</?p>|</?[ou]l>|</?li>).)*</p>", re.DOTALL)


def _plain_blocks(text: str) -> list[str] | None:
    """Return the paragraphs of a subset text without lists; None when it has any."""
    found = _BLOCK.findall(text)
    return found if "".join(found) == text else None


def _is_plain(block: str) -> bool:
    return "<" not in block[3:-4]


def _block_html(document: QTextDocument, number: int) -> str:
    block = document.findBlockByNumber(number)
    return "" if _list_tag(block) else f"<p>{_inline(block)}</p>"


def _list_tag(block: QTextBlock) -> str:
    found = cast("QTextList | None", block.textList())
    if found is None:
        return ""
    style = found.format().style()
    numbered = (QTextListFormat.Style.ListDecimal, QTextListFormat.Style.ListLowerAlpha)
    return "ol" if style in numbered else "ul"


def _inline(block: QTextBlock) -> str:
    parts = []
    iterator = block.begin()
    while not iterator.atEnd():
        fragment = iterator.fragment()
        if fragment.isValid():
            parts.append(_marked(fragment))
        iterator += 1
    return "".join(parts)


def _marked(fragment: QTextFragment) -> str:
    text = escape(fragment.text(), quote=False).replace(_LINE_SEPARATOR, "<br>").replace("\ufffc", "")
    shape = fragment.charFormat()
    vertical = shape.verticalAlignment()
    for tag, on in (
        ("sub", vertical == QTextCharFormat.VerticalAlignment.AlignSubScript),
        ("sup", vertical == QTextCharFormat.VerticalAlignment.AlignSuperScript),
        ("u", shape.fontUnderline()),
        ("i", shape.fontItalic()),
        ("b", shape.fontWeight() > QFont.Weight.Medium),
    ):
        if on:
            text = f"<{tag}>{text}</{tag}>"
    return text


class RichEditor(QTextEdit):
    """An editor that takes and gives the subset. Pasted text loses fonts and colours; Tab goes on to the next field."""

    edited = Signal(str)
    """the text in the subset, after the user changed it."""
    focused = Signal()
    """the keyboard came here."""

    def __init__(self, name: str, hint: str) -> None:
        super().__init__()
        self._name = name
        self._hint = hint
        self._filling = False
        self._pixels = _USUAL
        self._bytes = ""
        self._written: list[_Written] = []  # the blocks as last read: a stroke reads only what it changed
        self._is_read = False
        self.setTabChangesFocus(True)
        self.setAcceptRichText(True)
        self.setUndoRedoEnabled(True)
        self.document().contentsChange.connect(self._on_contents_change)
        self.textChanged.connect(self._on_changed)
        self._dress()

    @property
    def subset(self) -> str:
        """The text in the subset."""
        document = self.document()
        if not self._is_read or len(self._written) != document.blockCount():
            self._written = [_read(block) for block in _blocks(document.begin(), document.blockCount())]
            self._is_read = True
        return _joined(self._written)

    def fill(self, text: str) -> None:
        """Show another text without telling anybody; the cursor goes to its end."""
        self._filling = True
        self.setHtml(sanitised(text).replace("\n", "<br>"))
        self._dress()
        cursor = self.textCursor()
        cursor.movePosition(QTextCursor.MoveOperation.End)
        self.setTextCursor(cursor)
        self._filling = False
        self._bytes = self.subset

    def change(self, text: str) -> bool:
        """Change only the paragraphs in which `text` differs; they must be plain ones. False: nothing was done.

        A form that rewrites one sentence of twenty pages with each stroke must not lay all of them out again.
        """
        wanted = _plain_blocks(text)
        if wanted is None or not wanted:
            return False
        document = self.document()
        count = document.blockCount()
        present = _plain_blocks(self._bytes)
        if present is None or len(present) != count:
            return False
        same = 0
        while same < min(count, len(wanted)) and present[same] == wanted[same]:
            same += 1
        tail = 0
        while tail < min(count, len(wanted)) - same and present[-1 - tail] == wanted[-1 - tail]:
            tail += 1
        fresh = wanted[same : len(wanted) - tail]
        old = range(same, count - tail)
        if not fresh or not old or not all(_is_plain(one) for one in fresh):
            return False
        if any(_list_tag(document.findBlockByNumber(number)) for number in old):
            return False
        was, self._filling = self._filling, True
        cursor = QTextCursor(document.findBlockByNumber(old[0]))
        last = document.findBlockByNumber(old[-1])
        cursor.setPosition(last.position() + last.length() - 1, QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText("\n".join(unescape(one[3:-4]) for one in fresh), QTextCharFormat())
        self._filling = was
        self._bytes = text
        return all(_block_html(document, same + number) == one for number, one in enumerate(fresh))

    def insert_words(self, text: str) -> None:
        """Put plain or subset text at the cursor, as the user would type it."""
        words = plain(text)
        self.textCursor().insertText(words)
        self.setFocus()

    def show_words(self, words: str) -> bool:
        """Select the first place of these words and bring the keyboard there; False if they are not in the text."""
        found = self.document().find(words, 0, QTextDocument.FindFlag.FindCaseSensitively)
        if not words or found.isNull():
            return False
        self.setTextCursor(found)
        self.ensureCursorVisible()
        self.setFocus()
        return True

    def underline(self, words: Sequence[str]) -> None:
        """Put a wavy line below the first place of each of these words; the text stays as it is."""
        marks = []
        look = QTextCharFormat()
        look.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
        look.setUnderlineColor(QColor(current_theme().tone(Tone.WARNING).text))
        for one in words:
            found = self.document().find(one, 0, QTextDocument.FindFlag.FindCaseSensitively) if one else QTextCursor()
            if not found.isNull():
                mark = QTextEdit.ExtraSelection()
                mark.cursor, mark.format = found, look
                marks.append(mark)
        self.setExtraSelections(marks)

    def set_wrong(self, wrong: bool) -> None:
        """Mark the field as one that must be filled."""
        self.setProperty("wrong", "true" if wrong else "false")
        self.style().unpolish(self)
        self.style().polish(self)

    # ── looks ────────────────────────────────────────────────────────────────────────────────────────

    def set_zoom(self, steps: int) -> None:
        """Enlarge (positive) or shrink what is read while writing; 0 is the usual size. The report has no sizes."""
        self._pixels = max(_SMALLEST, min(_LARGEST, _USUAL + 2 * steps))
        self.setStyleSheet(f"QTextEdit {{ font-size: {self._pixels}px; }}")
        self._dress()

    def toggle(self, mark: str) -> None:
        """Switch b, i, u, sup or sub for the selection or for what is typed next."""
        present = self.currentCharFormat()
        change = QTextCharFormat()
        if mark == "b":
            is_bold = present.fontWeight() > QFont.Weight.Medium
            change.setFontWeight(QFont.Weight.Normal if is_bold else QFont.Weight.Bold)
        elif mark == "i":
            change.setFontItalic(not present.fontItalic())
        elif mark == "u":
            change.setFontUnderline(not present.fontUnderline())
        else:
            place = {
                "sup": QTextCharFormat.VerticalAlignment.AlignSuperScript,
                "sub": QTextCharFormat.VerticalAlignment.AlignSubScript,
            }[mark]
            is_there = present.verticalAlignment() == place
            change.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignNormal if is_there else place)
        self.mergeCurrentCharFormat(change)
        self.setFocus()

    def toggle_list(self, numbered: bool) -> None:
        """Make the paragraphs of the selection a list, or paragraphs again."""
        cursor = self.textCursor()
        found = cast("QTextList | None", cursor.currentList())
        if found is not None:
            found.remove(cursor.block())
            shape = cursor.blockFormat()  # fetched now: the one before still names the list
            shape.setIndent(0)
            cursor.setBlockFormat(shape)
        else:
            style = QTextListFormat.Style.ListDecimal if numbered else QTextListFormat.Style.ListDisc
            cursor.createList(style)
        self._is_read = False  # Qt tells of the change before the block has left its list
        self._on_changed()
        self.setFocus()

    # ── events ───────────────────────────────────────────────────────────────────────────────────────

    def insertFromMimeData(self, source: QMimeData) -> None:
        if source.hasHtml():
            self.textCursor().insertHtml(sanitised(source.html()))
        elif source.hasText():
            self.textCursor().insertText(source.text())

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        return source.hasText() or source.hasHtml()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        marks = {Qt.Key.Key_B: "b", Qt.Key.Key_I: "i", Qt.Key.Key_U: "u"}
        mark = marks.get(Qt.Key(event.key()))
        if mark is not None and event.modifiers() == Qt.KeyboardModifier.ControlModifier and not self.isReadOnly():
            self.toggle(mark)
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focused.emit()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange or is_look_change(event):
            self._dress()
        super().changeEvent(event)

    def _on_contents_change(self, position: int, _removed: int, added: int) -> None:
        """Read the changed blocks again, and one on either side: Enter in a list changes its neighbour too."""
        document = self.document()
        count = document.blockCount()
        first = max(0, document.findBlock(position).blockNumber() - 1)
        end_block = document.findBlock(position + added)
        last = min(end_block.blockNumber() + 1, count - 1) if end_block.isValid() else count - 1
        end = last + 1 - (count - len(self._written))  # of the blocks as they were read before
        if not self._is_read or self._filling or end < first:
            self._is_read = False
            return
        self._written[first:end] = [
            _read(block) for block in _blocks(document.findBlockByNumber(first), last + 1 - first)
        ]

    def _on_changed(self) -> None:
        if self._filling:
            return
        now = self.subset
        if now != self._bytes:  # Qt tells of changes of looks too
            self._bytes = now
            self.edited.emit(now)

    def _dress(self) -> None:
        was, self._filling = self._filling, True
        font = QFont(current_theme().font())
        font.setPixelSize(self._pixels)
        self.document().setDefaultFont(font)
        self.document().setDocumentMargin(8)
        self.document().setIndentWidth(28)
        self.setAccessibleName(tr(self._name))
        self.setPlaceholderText(tr(self._hint))
        self._filling = was
