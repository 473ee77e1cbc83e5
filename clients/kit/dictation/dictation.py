"""One doctor dictating: an engine's final words become text at the cursor; knows no Qt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from clients.kit.dictation.port import Engine, Unusable
from clients.kit.dictation.speech import Insert, steps_of


class Page(Protocol):
    """Where the words land."""

    def insert(self, text: str) -> bool:
        """Put words at the cursor; False when the text may not be changed now."""
        ...

    def snapshot(self) -> object:
        """The whole content as it is."""
        ...

    def restore(self, content: object) -> bool:
        """Bring a content back."""
        ...


class Dictation:
    """Starts and stops the engine, and remembers what can be taken back.

    `hand_over` brings a call into the thread of the page: the engine speaks from its own.
    """

    def __init__(
        self,
        engine: Engine,
        page: Page,
        hand_over: Callable[[Callable[[], None]], None],
        told: Callable[[str], None],
    ) -> None:
        self._engine = engine
        self._page = page
        self._hand_over = hand_over
        self._told = told
        self._before: list[tuple[object, object]] = []  # before and after each utterance
        self.is_on = False

    def switch(self) -> bool:
        """On when off, off when on; whether it is on now."""
        if self.is_on:
            self.stop()
            return False
        try:
            self._engine.start(self._heard, self._trouble)
        except Unusable as error:
            self._told(str(error))
            return False
        self._before.clear()
        self.is_on = True
        return True

    def stop(self) -> None:
        """End listening."""
        if self.is_on:
            self.is_on = False
            self._engine.stop()

    def take(self, said: str) -> None:
        """Put an utterance into the text; in the thread of the page."""
        for step in steps_of(said):
            if isinstance(step, Insert):
                before = self._page.snapshot()
                if self._page.insert(step.text):
                    self._before.append((before, self._page.snapshot()))
                else:
                    self._told("报告现在不能修改，没有写入。")
                    self.stop()
                    return
            else:
                self._undo()

    def _undo(self) -> None:
        """Take the last utterance back, unless the text was changed by hand since."""
        if not self._before:
            return
        before, after = self._before.pop()
        if self._page.snapshot() == after:
            self._page.restore(before)
        else:
            self._before.clear()
            self._told("文字已手动修改，不能撤销语音。")

    def _heard(self, words: str, is_final: bool) -> None:
        if is_final and words.strip():
            self._hand_over(lambda: self.take(words))

    def _trouble(self, sentence: str) -> None:
        self._hand_over(lambda: self._stopped(sentence))

    def _stopped(self, sentence: str) -> None:
        self.is_on = False
        self._told(sentence)
