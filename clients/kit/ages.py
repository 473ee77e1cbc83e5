"""Ages as a reader's language writes them; what the server says is Chinese in every language of the screen."""

from __future__ import annotations

import re

from clients.kit.translations import Language, language, verbatim

_LETTERS = {
    verbatim("岁"): "y",
    verbatim("个月"): "m",
    verbatim("月"): "m",
    verbatim("周"): "w",
    verbatim("天"): "d",
    verbatim("小时"): "h",
}
_PART = re.compile(rf"(\d+)\s*({'|'.join(_LETTERS)})")


def age_for_reader(age: str) -> str:
    """An age of the server ("45岁", "1岁3月") in the language of the screen ("45 y", "1 y 3 m")."""
    if language() is not Language.ENGLISH:
        return age
    return _PART.sub(lambda found: f"{found[1]} {_LETTERS[found[2]]} ", age).strip()
