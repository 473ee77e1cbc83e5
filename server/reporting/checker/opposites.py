"""Things that are one or the other: a heart that is large or not, a septum that is straight or bent."""

from __future__ import annotations

import re
from collections.abc import Iterator

from server.reporting.checker.clauses import clauses
from server.reporting.checker.subject import Alarm, Subject
from server.reporting.checker.wording import FORMER, contradiction, same_sides

# A thing, what calls it abnormal, and what calls it normal.
_OPPOSITES: tuple[tuple[str, re.Pattern[str], re.Pattern[str]], ...] = tuple(
    (name, re.compile(f"(?:{thing}){abnormal}"), re.compile(f"(?:{thing}){normal}"))
    for name, thing, abnormal, normal in (
        (
            "心影",
            r"心影|心脏",
            r"(?:稍|略|轻度|明显)?(?:增大|大(?!小)|饱满)",
            r"(?:大小、?形态正常|大小正常|不大|形态大小正常|未见增大)",
        ),
        (
            "中线",
            r"中线(?:结构)?",
            r"(?:[左右]移|[^，。]{0,4}向?[左右]侧?[^，。]{0,3}(?:移|偏))",
            r"(?:居中|无移位|未见移位|无偏移)",
        ),
        ("鼻中隔", r"鼻中隔", r"(?:向?[左右]侧?偏|偏曲|[左右]偏)", r"(?:居中|(?:无|未见)(?:明显)?偏曲)"),
        (
            "脾",
            r"脾脏?",
            r"(?:稍|略|轻度|明显)?(?:增?大(?!小)|肿大)",
            r"(?:不大|大小正常|无增?大|未见增大|[^，。；增肿]{0,8}(?:未见(?:明显)?异常|正常))",
        ),
        (
            "右房",
            r"右房|右心房",
            r"(?:稍|略|轻度|明显)?(?:增?大(?!小)|扩大)",
            r"(?:、[^，。；]{0,5})?(?:不大|大小正常|内径正常)",
        ),
        (
            "右室",
            r"右室|右心室",
            r"(?:稍|略|轻度|明显)?(?:增?大(?!小)|扩大)",
            r"(?:、[^，。；]{0,5})?(?:不大|大小正常|内径正常)",
        ),
        ("左房", r"左房|左心房", r"(?:稍|略|轻度|明显)?(?:增?大(?!小)|扩大)", r"(?:不大|大小正常|内径正常)"),
        ("左室", r"左室|左心室", r"(?:稍|略|轻度|明显)?(?:增?大(?!小)|扩大)", r"(?:不大|大小正常)"),
        (
            "脑室",
            r"脑室(?:系统|及脑沟|、脑沟)?",
            r"(?:轻度|明显|稍)?(?:扩大|扩张|增宽)",
            r"(?:[^，。未]{0,6}(?:大小|形态)[^，。]{0,3}正常|无扩[张大]|未见扩[张大]|不大)",
        ),
        ("肋膈角", r"肋膈角", r"(?:变钝|变浅|消失|模糊)", r"(?:锐利|清晰)"),
        ("股骨头塌陷", r"股骨头", r"[^，。未无]{0,4}塌陷", r"[^，。]{0,10}未见塌陷"),
        ("关节面", r"关节面", r"(?:塌陷|毛糙|中断)", r"(?:光整|未见塌陷)"),
        ("前列腺", r"前列腺", r"(?:体积)?(?:稍|明显)?(?:增大|大(?!小))", r"(?:不大|大小正常|大小、?形态正常)"),
        ("宫旁", r"宫旁(?:脂肪)?(?:间隙)?", r"(?:模糊|受侵|受累)", r"(?:清晰|未见受?侵)"),
        ("胆囊壁", r"胆囊壁|囊壁", r"(?:增厚|毛糙)", r"(?:不厚|光滑|光整)"),
        ("肝", r"肝脏?(?:体积)?", r"(?:肿大|增大)", r"(?:不大|大小正常)"),
    )
)


def opposites(subject: Subject) -> Iterator[Alarm]:
    for name, abnormal, normal in _OPPOSITES:
        for one in clauses(subject.impression):
            mine, other = (abnormal, normal) if abnormal.search(one.text) else (normal, abnormal)
            if not mine.search(one.text) or FORMER.search(one.text):
                continue
            against = [each for each in clauses(subject.findings) if other.search(each.text) and same_sides(one, each)]
            agree = any(mine.search(each.text) and same_sides(one, each) for each in clauses(subject.findings))
            inside = name in {"左房", "脑室", "脾", "前列腺"}
            if against and (not agree or inside):
                yield contradiction(one.text, against[0].text)
                return
