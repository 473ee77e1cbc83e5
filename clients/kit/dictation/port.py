"""What a speech engine offers, and how one is found among the installed packages.

No package of the Python index ships an engine together with a Mandarin model, so none is part of the product. A
hospital installs one that declares an entry point in the group `mingjing.dictation`: a function without arguments that
returns an Engine, or raises Unusable with a sentence that says what is missing (a model, a microphone).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Protocol

GROUP = "mingjing.dictation"
NO_ENGINE = "没有安装离线语音引擎，不能语音录入。请联系管理员安装带中文模型的引擎。"

Heard = Callable[[str, bool], None]
"""Gets words and whether they are final; called from the engine's own thread."""
Trouble = Callable[[str], None]
"""Gets a sentence; the engine has stopped. Called from the engine's own thread."""

_log = logging.getLogger(__name__)


class Unusable(RuntimeError):
    """An engine is there and cannot work; the text is a sentence for the doctor."""


class Engine(Protocol):
    """Listens to the microphone, off line, until it is stopped."""

    @property
    def name(self) -> str:
        """What it is called, with the language of its model."""
        ...

    def start(self, heard: Heard, trouble: Trouble) -> None:
        """Begin to listen; returns at once. Raises Unusable, for example without a microphone."""
        ...

    def stop(self) -> None:
        """End listening; what was said until now is still told as final. A second call does nothing."""
        ...


@dataclass(frozen=True)
class Found:
    """An engine, or why there is none."""

    engine: Engine | None
    why: str = ""


def find_engine(points: Iterable[EntryPoint] | None = None) -> Found:
    """The first installed engine that works; loading takes the time that its model needs."""
    why = NO_ENGINE
    for point in entry_points(group=GROUP) if points is None else points:
        try:
            return Found(point.load()())
        except Unusable as error:
            why = str(error)
        except Exception:  # noqa: BLE001 somebody else's package must not bring the report page down
            _log.exception("the dictation engine %s cannot be loaded", point.name)
            why = NO_ENGINE
    return Found(None, why)
