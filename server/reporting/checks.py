"""Doubts about a text before it is submitted (RIS-EX-14), which the doctor may overrule with a reason; pure."""

from __future__ import annotations

import re

from shared.domain.states import Sex

_ONLY_FEMALE = ("子宫", "卵巢", "宫颈", "输卵管", "附件区", "阴道")
_ONLY_MALE = ("前列腺", "睾丸", "精囊", "阴茎", "附睾")
_BLANK = re.compile(r"_{2,}|＿+|【\s*】|\[\s*\]|（\s*）|\(\s*\)|××+|\bX{2,}\b")
_NEGATED = re.compile(r"(未见|无|缺如|切除)[^。；;，,]{0,8}$")


def doubts(findings: str, impression: str, sex: Sex) -> tuple[str, ...]:
    """Return one sentence per doubt about the plain texts `findings` and `impression`; empty when there is none."""
    both = f"{findings}\n{impression}"
    found: list[str] = []
    blank = _BLANK.search(both)
    if blank:
        found.append(f"有未填写的模板空格“{blank.group(0)}”。")
    wrong = {Sex.MALE: _ONLY_FEMALE, Sex.FEMALE: _ONLY_MALE}.get(sex, ())
    organs = [organ for organ in wrong if _is_described(organ, both)]
    if organs:
        found.append(f"患者性别为{'男' if sex is Sex.MALE else '女'}，文中却描述了{'、'.join(organs)}。")
    sides = _sides(findings), _sides(impression)
    if sides[0] and sides[1] and not sides[0] & sides[1]:
        found.append("影像所见与诊断意见的左右侧不一致。")
    return tuple(found)


def _is_described(organ: str, text: str) -> bool:
    return any(not _NEGATED.search(text[: match.start()]) for match in re.finditer(organ, text))


def _sides(text: str) -> set[str]:
    sides = set()
    if "左" in text:
        sides.add("left")
    if "右" in text:
        sides.add("right")
    if "双" in text or "两侧" in text:
        sides |= {"left", "right"}
    return sides
