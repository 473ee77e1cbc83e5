"""Words of radiology reports in their right spelling, and characters that look alike: the files in words/.

`terms.txt` are the right words; `other_words.txt` are words that sound like one of them and may stand beside it;
`look_alikes.txt` are groups of characters that look alike; `mistakes.txt` are pairs of a slip and what is meant.
"""

from __future__ import annotations

from importlib.resources import files

_WORDS = files("server.reporting.checker") / "words"


def _read(name: str) -> list[str]:
    return (_WORDS / name).read_text(encoding="utf-8").split()


TERMS = frozenset(_read("terms.txt"))
ALSO_WORDS = frozenset(_read("other_words.txt"))
_PAIRS = _read("mistakes.txt")
MISTAKES = dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True))
ALIKE: dict[str, frozenset[str]] = {}
for _group in _read("look_alikes.txt"):
    for _one in _group:
        ALIKE[_one] = ALIKE.get(_one, frozenset()) | frozenset(_group) - {_one}

# A slip that is right when it goes on like this.
RIGHT_AFTER_ALL: dict[str, tuple[str, ...]] = {
    "锥体": ("锥体束", "锥体交叉", "锥体外"),
    "增强化": ("增强化疗",),
    "增后": ("增后扫描", "增后期"),
}
