"""The head of a film: templates with fields, and their words for one film (VW-PRT-10). No Qt."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clients.kit.translations import tr
from clients.viewer.study import Stack
from clients.viewer.viewport.corner_texts import age_text, date_text, person_name, sex_text

FIELDS: dict[str, str] = {
    "hospital": "医院",
    "name": "患者姓名",
    "id": "患者编号",
    "sex": "性别",
    "age": "年龄",
    "birth": "出生日期",
    "exam": "检查项目",
    "accession": "检查号",
    "date": "检查日期",
    "modality": "设备类型",
    "page": "页码",
    "pages": "总页数",
}
"""Field → Chinese source text."""
MOST_TEXT, MOST_TEMPLATES = 200, 30
LEAST_MM, MOST_MM = 6.0, 40.0
_FIELD = re.compile(r"\{([a-z]+)\}")


@dataclass(frozen=True, slots=True)
class HeaderTemplate:
    """Three texts with fields in braces, a logo file, and the height of the head."""

    name: str
    left: str = "{hospital}"
    middle: str = "{name} {id} {sex} {age}"
    right: str = "{date} {exam}  {page}/{pages}"
    logo: str = ""
    height_mm: float = 12.0

    @classmethod
    def of(cls, value: Any) -> HeaderTemplate | None:
        """From what a settings file holds; None for nonsense."""
        if not isinstance(value, dict):
            return None
        texts = {key: value.get(key, "") for key in ("name", "left", "middle", "right", "logo")}
        if any(not isinstance(t, str) or len(t) > (1000 if k == "logo" else MOST_TEXT) for k, t in texts.items()):
            return None
        height = value.get("height_mm", 12.0)
        if not texts["name"].strip() or not isinstance(height, (int, float)) or isinstance(height, bool):
            return None
        if not LEAST_MM <= height <= MOST_MM:
            return None
        return cls(**texts, height_mm=float(height))

    def stored(self) -> dict[str, Any]:
        """For a settings file."""
        return {
            "name": self.name,
            "left": self.left,
            "middle": self.middle,
            "right": self.right,
            "logo": self.logo,
            "height_mm": self.height_mm,
        }


STANDARD = HeaderTemplate("标准")
BRIEF = HeaderTemplate("简明", "{name} {id}", "", "{date}  {page}/{pages}", "", 8.0)
NONE = HeaderTemplate("无抬头", "", "", "", "", 0.0)
BUILT_IN = (STANDARD, BRIEF, NONE)


def fault_of(template: HeaderTemplate) -> str:
    """A sentence that says what is wrong; empty when it can be kept."""
    if not template.name.strip() or len(template.name) > 40:
        return tr("请填写模板名称，最多 40 个字")
    if any(len(t) > MOST_TEXT for t in (template.left, template.middle, template.right)):
        return tr("抬头的文字太长，每处最多 {n} 个字", n=MOST_TEXT)
    wrong = [
        name
        for text in (template.left, template.middle, template.right)
        for name in _FIELD.findall(text)
        if name not in FIELDS
    ]
    return tr("没有字段 {name}", name="{" + wrong[0] + "}") if wrong else ""


def values_of(stack: Stack, index: int, page: int, pages: int, hospital: str = "") -> dict[str, str]:
    """What the fields say on one film; ``page`` counts from 1."""
    study, texts = stack.study, stack.image(index).texts
    return {
        "hospital": hospital or study.institution or texts.get("InstitutionName", ""),
        "name": person_name(study.patient_name),
        "id": study.patient_id,
        "sex": sex_text(study.patient_sex),
        "age": age_text(texts.get("PatientAge", "")),
        "birth": date_text(study.patient_birth_date),
        "exam": study.description,
        "accession": study.accession_number,
        "date": date_text(study.study_date),
        "modality": stack.series.modality,
        "page": str(page),
        "pages": str(pages),
    }


def texts_of(template: HeaderTemplate, values: Mapping[str, str]) -> tuple[str, str, str]:
    """Left, middle and right text. Name and number of the patient stand on every film, whatever the template says."""
    texts = [_filled(text, values) for text in (template.left, template.middle, template.right)]
    asked = "".join((template.left, template.middle, template.right))
    missing = [values[key] for key in ("name", "id") if "{" + key + "}" not in asked and values[key]]
    if missing:
        texts[0] = "  ".join(part for part in (" ".join(missing), texts[0]) if part)
    return texts[0], texts[1], texts[2]


def _filled(text: str, values: Mapping[str, str]) -> str:
    filled = _FIELD.sub(lambda found: values.get(found[1], ""), text)
    return re.sub(r" {3,}", "  ", filled).strip()
