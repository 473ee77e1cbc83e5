"""The rows of the panel. No window."""

from __future__ import annotations

from clients.kit.translations import tr
from clients.viewer.hanging import explaining
from clients.viewer.hanging.hanger import Hanger
from clients.viewer.hanging.panel import Row


def rows_of(hanger: Hanger) -> list[Row]:
    """All protocols, those that fit what is open first."""
    hung = hanger.hung
    used = hung.protocol.uid if hung is not None else ""
    fitting = {(one.protocol.uid, one.protocol.level): one for one in hanger.fitting}
    rows = []
    for key, one in fitting.items():
        detail = tr("{filled}/{wanted} 格有图像", filled=one.filled, wanted=one.wanted)
        rows.append(
            Row(*key, explaining.name_of(one.protocol), f"{level_words(key[1])} · {detail}", True, key[0] == used)
        )
    for protocol in hanger.protocols():
        key = (protocol.uid, protocol.level)
        if key not in fitting:
            detail = f"{level_words(protocol.level)} · {tr('不适用于这项检查')}"
            rows.append(Row(*key, explaining.name_of(protocol), detail, False, False))
    return rows


def level_words(level: str) -> str:
    """Whom a protocol is for."""
    words = {"user": "个人", "group": "小组", "site": "全科", "maker": "自带"}
    return tr(words.get(level, "个人"))
