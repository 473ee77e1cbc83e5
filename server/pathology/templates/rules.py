"""What may be kept: names, texts, prompts, descriptors; pure."""

from __future__ import annotations

from collections.abc import Sequence

from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, invalid
from server.organisation.initials import initials
from shared.contract import pathology_templates as contract
from shared.contract.errors import ErrorCode
from shared.domain.pathology_templates import read
from shared.domain.permissions import Permission

MOST_GROUPS, MOST_ITEMS, MOST_MARKERS = 40, 400, 200


def clean_name(name: str, field: str = "name") -> str:
    """Return a name without blanks around it. Raises INVALID."""
    cleaned = " ".join(name.split())
    if not cleaned or len(cleaned) > contract.MOST_NAME:
        raise invalid(field, f"请填写名称，最多 {contract.MOST_NAME} 个字。")
    return cleaned


def check_texts(findings: str, diagnosis: str) -> bool:
    """Say whether the texts can be used: not empty, and the check finds no error. Raises INVALID when too long."""
    for field, text in (("findings", findings), ("diagnosis", diagnosis)):
        if len(text) > contract.MOST_TEXT:
            raise invalid(field, f"模板文本最多 {contract.MOST_TEXT} 个字。")
    if not (findings.strip() or diagnosis.strip()):
        return False
    return read(findings).usable and read(diagnosis).usable


def require_templates(caller: Caller, owner_id: int) -> None:
    """Public templates need the right to edit them, personal ones belong to the caller. Raises PERMISSION_MISSING."""
    if owner_id == 0 and not caller.may(Permission.PATHOLOGY_TEMPLATES):
        raise Refusal(ErrorCode.PERMISSION_MISSING, "修改公共模板需要“模板维护”权限；可以建立自己的个人模板。")


def with_initials(entries: Sequence[contract.PromptEntry], depth: int = 1) -> tuple[contract.PromptEntry, ...]:
    """Return the entries cleaned, with their initials in capitals. Raises INVALID (empty, twice, too deep)."""
    if depth > contract.MOST_DEPTH:
        raise invalid("entries", f"提示内容最多分 {contract.MOST_DEPTH} 级。")
    made: dict[str, contract.PromptEntry] = {}
    for entry in entries:
        text = entry.text.strip()
        if not text or len(text) > 500:
            raise invalid("entries", "提示内容不能为空，最多 500 个字。")
        if text in made:
            raise invalid("entries", f"“{text[:30]}”重复了。")
        below = with_initials(entry.entries, depth + 1)
        made[text] = contract.PromptEntry(text=text, initials=initials(text[:40]).upper(), entries=below)
    return tuple(made.values())


def count(entries: Sequence[contract.PromptEntry]) -> int:
    """Return how many entries there are, those of groups included."""
    return sum(1 + count(entry.entries) for entry in entries)


def check_descriptors(one: contract.DescriptorSet) -> None:
    """Raise INVALID for empty words, codes that stand twice, or too many."""
    clean_name(one.specimen_type, "specimen_type")
    if len(one.groups) > MOST_GROUPS or sum(len(group.items) for group in one.groups) > MOST_ITEMS:
        raise invalid("groups", f"最多 {MOST_GROUPS} 组、{MOST_ITEMS} 项描述。")
    codes: set[str] = set()
    for group in one.groups:
        clean_name(group.title, "groups")
        for item in group.items:
            if not item.code.strip() or len(item.code) > 32:
                raise invalid("groups", f"“{item.text[:20]}”需要 1 到 32 个字符的编码。")
            if item.code in codes:
                raise invalid("groups", f"编码“{item.code}”重复了。")
            codes.add(item.code)
            if not item.text.strip() or len(item.text) > 200 or len(item.report_text) > 500:
                raise invalid("groups", f"编码“{item.code}”的描述不能为空，最多 200 个字。")


def letter_of(name: str) -> str:
    """Return where a marker stands: the first letter of its name or of its pinyin, # for anything else."""
    found = initials(name)[:1].upper()
    return found if found.isascii() and found.isalpha() else "#"
