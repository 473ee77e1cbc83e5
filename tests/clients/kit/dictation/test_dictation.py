"""Dictation with an engine that speaks the real interface from its own thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from importlib.metadata import EntryPoint

import pytest

from clients.kit.dictation.dictation import Dictation
from clients.kit.dictation.port import NO_ENGINE, Heard, Trouble, Unusable, find_engine
from clients.kit.dictation.speech import Insert, Undo, steps_of


class ScriptedEngine:
    """Says what a test gives it, from a thread of its own, as engines do."""

    name = "fake (zh)"

    def __init__(self, *, is_deaf: bool = False) -> None:
        self._is_deaf = is_deaf
        self._words: queue.Queue[tuple[str, bool] | None] = queue.Queue()
        self._thread: threading.Thread | None = None

    def start(self, heard: Heard, trouble: Trouble) -> None:
        if self._is_deaf:
            raise Unusable("没有找到麦克风。")
        self._thread = threading.Thread(target=self._run, args=(heard, trouble))
        self._thread.start()

    def say(self, words: str, *, is_final: bool = True) -> None:
        self._words.put((words, is_final))

    def stop(self) -> None:
        if self._thread is not None:
            self._words.put(None)
            self._thread.join(10)
            self._thread = None

    def _run(self, heard: Heard, trouble: Trouble) -> None:
        while (one := self._words.get()) is not None:
            if one[0] == "!":
                trouble("麦克风断开。")
                return
            heard(*one)


class Paper:
    def __init__(self) -> None:
        self.text, self.may_write = "", True

    def insert(self, text: str) -> bool:
        self.text += text if self.may_write else ""
        return self.may_write

    def snapshot(self) -> object:
        return self.text

    def restore(self, content: object) -> bool:
        self.text = str(content)
        return True


class Room:
    """A page's thread that does what it was handed when a test looks."""

    def __init__(self, engine: ScriptedEngine) -> None:
        self.engine, self.paper, self.told = engine, Paper(), list[str]()
        self._work: queue.Queue[Callable[[], None]] = queue.Queue()
        self.dictation = Dictation(engine, self.paper, self._work.put, self.told.append)

    def said(self, *utterances: str) -> str:
        for words in utterances:
            self.engine.say(words)
            self._work.get(timeout=10)()
        return self.paper.text


@pytest.fixture
def room() -> Room:
    return Room(ScriptedEngine())


def test_words_and_spoken_marks_land_at_the_cursor(room: Room) -> None:
    assert room.dictation.switch()
    room.engine.say("左肺", is_final=False)  # not final: nothing is typed
    text = room.said("左 肺 上叶 见 结节 逗号 大小约 8 毫米 句号", "换行 余肺 清晰 句号")
    assert text == "左肺上叶见结节，大小约 8mm。\n余肺清晰。"
    assert not room.dictation.switch()


def test_the_last_utterance_is_taken_back_unless_the_text_was_changed(room: Room) -> None:
    room.dictation.switch()
    assert room.said("心影不大句号", "左肺结节", "撤销") == "心影不大。"
    assert room.said("撤销") == ""
    assert room.said("撤销") == ""
    room.said("双肺清晰")
    room.paper.text += "（手改）"
    assert room.said("撤销") == "双肺清晰（手改）"
    assert room.told == ["文字已手动修改，不能撤销语音。"]
    room.dictation.stop()


def test_a_report_that_may_not_be_changed_stops_the_engine(room: Room) -> None:
    room.dictation.switch()
    room.paper.may_write = False
    assert room.said("结节") == ""
    assert not room.dictation.is_on
    assert room.told == ["报告现在不能修改，没有写入。"]


def test_trouble_of_the_engine_is_told(room: Room) -> None:
    room.dictation.switch()
    room.said("!")
    assert (room.told, room.dictation.is_on) == (["麦克风断开。"], False)
    room.engine.stop()
    deaf = Room(ScriptedEngine(is_deaf=True))
    assert not deaf.dictation.switch()
    assert deaf.told == ["没有找到麦克风。"]


@pytest.mark.parametrize(
    ("said", "steps"),
    [
        ("下一段 诊断 意见 冒号", [Insert("\n诊断意见：")]),
        ("结节 撤销 肿块", [Insert("结节"), Undo(), Insert("肿块")]),
        ("约 30 毫升。句号", [Insert("约 30ml。")]),
        ("CT 值 12 HU", [Insert("CT 值 12 HU")]),
        ("  ", []),
    ],
)
def test_what_an_utterance_does(said: str, steps: list[object]) -> None:
    assert steps_of(said) == steps


def make_engine() -> ScriptedEngine:
    return ScriptedEngine()


def make_nothing() -> ScriptedEngine:
    raise Unusable("缺少中文模型。")


def test_engines_are_found_among_installed_packages() -> None:
    here = __name__
    good = EntryPoint("good", f"{here}:make_engine", "mingjing.dictation")
    bare = EntryPoint("bare", f"{here}:make_nothing", "mingjing.dictation")
    gone = EntryPoint("gone", "no_such_package:make", "mingjing.dictation")
    assert find_engine([bare, good]).engine is not None
    assert find_engine([bare]).why == "缺少中文模型。"
    assert find_engine([gone]).why == find_engine([]).why == NO_ENGINE
    assert find_engine().engine is None  # nothing of the product itself
