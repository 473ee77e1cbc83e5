"""Objects as pages to read: structured reports, plans, tags and facts as simple HTML. No Qt; every value is escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Any

from clients.kit.translations import tr
from clients.viewer.viewport.corner_texts import date_text, person_name
from shared.dicomkit.content_reading import ContentItem, Coordinates, Reference, Report
from shared.imaging.radiotherapy import Plan

MOST_TAGS = 4_000
LONGEST_VALUE = 300


def link_of(reference: Reference) -> str:
    """The address of an image inside the viewer."""
    frame = reference.frames[0] if reference.frames else 0
    return f"image:{reference.sop_instance_uid}#{frame}"


def parsed_link(address: str) -> tuple[str, int] | None:
    """SOP Instance UID and frame of such an address; None for any other."""
    if not address.startswith("image:"):
        return None
    uid, _, frame = address.removeprefix("image:").partition("#")
    return uid, int(frame) if frame.isdigit() else 0


def report_html(report: Report, known: frozenset[str]) -> str:
    """A structured report; ``known`` are SOP Instance UIDs of images that can be opened here."""
    facts = [
        (tr("状态"), " · ".join(p for p in (_completion(report.completion), _verification(report.verification)) if p)),
        (tr("日期"), date_text(report.content_date, report.content_time)),
        (tr("审核者"), "; ".join(person_name(name) for name in report.verified_by)),
        (tr("模板"), f"TID {report.template}" if report.template else ""),
    ]
    body = "".join(_item(child, 0, known) for child in report.root.children)
    cut = f"<p class='warn'>{_e(tr('内容过多，只显示前一部分'))}</p>" if report.is_cut else ""
    title = report.title or tr("结构化报告")
    return f"<h1>{_e(title)}</h1>{_facts(facts)}{cut}{body or _none()}"


def key_objects_html(report: Report, known: frozenset[str]) -> str:
    """A key object document: why these images were chosen, and links to them."""
    texts = [i for i in report.root.walk() if i.value_type in ("TEXT", "CODE", "PNAME") and i.value]
    words = "".join(_line(i.name, i.value) for i in texts)
    links = report.references
    here = [reference for reference in links if reference.sop_instance_uid in known]
    rows = "".join(
        f"<li><a href='{_e(link_of(reference))}'>{_e(tr('图像 {n}', n=n + 1))}</a></li>"
        for n, reference in enumerate(here)
    )
    missing = len(links) - len(here)
    away = f"<p class='warn'>{_e(tr('另有 {n} 个对象不在打开的检查中', n=missing))}</p>" if missing else ""
    return f"<h1>{_e(report.title or tr('关键图像说明'))}</h1>{words}<ul>{rows}</ul>{away}"


def _completion(flag: str) -> str:
    return {"COMPLETE": tr("完整"), "PARTIAL": tr("不完整")}.get(flag, "")


def _verification(flag: str) -> str:
    return {"VERIFIED": tr("已审核"), "UNVERIFIED": tr("未审核")}.get(flag, "")


def _item(item: ContentItem, depth: int, known: frozenset[str]) -> str:
    modifiers = [c for c in item.children if c.relationship == "HAS CONCEPT MOD" and not c.children]
    context = [c for c in item.children if c.relationship == "HAS OBS CONTEXT" and not c.children]
    rest = [c for c in item.children if c not in modifiers and c not in context]
    below = "".join(_item(child, depth + 1, known) for child in rest)
    quiet = "".join(_line(c.name, _value(c), quiet=True) for c in context)
    marks = ", ".join(_value(c) for c in modifiers if _value(c))
    name = item.name + (f" ({marks})" if marks else "")
    if item.value_type == "CONTAINER":
        level = min(depth + 2, 4)
        heading = f"<h{level}>{_e(name)}</h{level}>" if name else ""
        return f"{heading}<div style='margin-left:{10 if depth else 0}px'>{quiet}{below}</div>"
    line = _reference_line(item, known) or _line(name, _value(item))
    indented = f"<div style='margin-left:18px'>{quiet}{below}</div>" if quiet or below else ""
    return line + indented


def _value(item: ContentItem) -> str:
    if item.value_type in ("SCOORD", "SCOORD3D") and item.coordinates is not None:
        return _shape(item.coordinates)
    if item.value_type == "PNAME":
        return person_name(item.value)
    if item.value_type == "DATE":
        return date_text(item.value)
    if item.value_type == "TIME" and len(item.value) >= 4:
        return ":".join(item.value.partition(".")[0][n : n + 2] for n in range(0, 6, 2) if item.value[n : n + 2])
    if item.value_type == "DATETIME" and len(item.value) >= 12:
        return date_text(item.value[:8], item.value[8:])
    return f"{item.value} {item.unit}".strip()


def _shape(coordinates: Coordinates) -> str:
    points = len(coordinates.values) // (3 if coordinates.is_3d else 2)
    return tr("{shape}，{n} 个点", shape=coordinates.kind, n=points)


def _reference_line(item: ContentItem, known: frozenset[str]) -> str:
    reference = item.reference
    if reference is None:
        return ""
    name = item.name or tr("图像")
    frames = f" [{', '.join(str(f + 1) for f in reference.frames[:6])}]" if reference.frames else ""
    if reference.sop_instance_uid in known:
        return f"<p><a href='{_e(link_of(reference))}'>{_e(name + frames)} ▸</a></p>"
    return _line(name + frames, tr("不在打开的检查中"), quiet=True)


def _line(name: str, value: str, *, quiet: bool = False) -> str:
    if not value and not name:
        return ""
    kind = " class='quiet'" if quiet else ""
    shown = _e(value).replace("\n", "<br>")
    return f"<p{kind}><b>{_e(name)}</b>&nbsp; {shown}</p>" if name else f"<p{kind}>{shown}</p>"


def plan_html(plan: Plan) -> str:
    """A radiotherapy plan: prescription, fractions, beams."""
    facts = [
        (tr("名称"), plan.name if plan.name != plan.label else ""),
        (tr("日期"), date_text(plan.date)),
        (tr("意图"), plan.intent),
        (tr("批准"), plan.approval),
    ]
    parts = [f"<h1>{_e(plan.label or tr('放疗计划'))}</h1>", _facts(facts)]
    if plan.prescriptions:
        rows = [(name, kind, f"{dose:g} Gy" if dose is not None else "") for name, kind, dose in plan.prescriptions]
        parts.append(f"<h2>{_e(tr('处方'))}</h2>" + _table((tr("目标"), tr("类型"), tr("剂量")), rows))
    if plan.fractions:
        fractions = [
            (str(n), "" if planned is None else str(planned), str(beams)) for n, planned, beams in plan.fractions
        ]
        parts.append(f"<h2>{_e(tr('分次'))}</h2>" + _table((tr("组"), tr("计划次数"), tr("射野数")), fractions))
    if plan.beams:
        beams_rows = [
            (
                str(b.number),
                b.name,
                b.kind,
                " ".join(p for p in (b.radiation, b.energy) if p),
                b.machine,
                b.gantry_deg,
                _degrees(b.collimator_deg),
                _degrees(b.couch_deg),
                "" if b.meterset is None else f"{b.meterset:.1f}",
                "" if b.dose_gy is None else f"{b.dose_gy:.3g}",
            )
            for b in plan.beams
        ]
        heads = (
            "#", tr("射野"), tr("类型"), tr("射线"), tr("机器"), tr("机架角"), tr("准直器角"), tr("床角"), "MU", "Gy",
        )  # fmt: skip
        parts.append(f"<h2>{_e(tr('射野'))}</h2>" + _table(heads, beams_rows))
    return "".join(parts)


def _degrees(value: float | None) -> str:
    return "" if value is None else f"{value:g}°"


def unknown_html(name: str, sentence: str, ds: Any) -> str:
    """An object that has no picture here: a sentence, and its tags."""
    rows = tags_of(ds)
    more = f"<p class='warn'>{_e(tr('标签过多，只显示前 {n} 行', n=MOST_TAGS))}</p>" if len(rows) >= MOST_TAGS else ""
    return (
        f"<h1>{_e(name)}</h1><p>{_e(sentence)}</p><h2>{_e(tr('标签'))}</h2>"
        + _table((tr("标签"), tr("名称"), "VR", tr("值")), rows)
        + more
    )


def tags_of(ds: Any) -> list[tuple[str, str, str, str]]:
    """Tag, name, VR and value of all elements, sequences indented; at most `MOST_TAGS`."""
    found: list[tuple[str, str, str, str]] = []
    _collect(ds, "", found, 0)
    return found


def _collect(ds: Any, indent: str, found: list[tuple[str, str, str, str]], depth: int) -> None:
    for tag in list(ds.keys()):
        if len(found) >= MOST_TAGS or depth > 20:
            return
        try:
            element = ds[tag]
            value = element.value
        except Exception:  # noqa: BLE001 - pydicom converts lazily and raises many classes for wrong values
            found.append((f"{indent}{tag}", "?", "", tr("无法读取")))
            continue
        name, vr = str(element.name), str(element.VR)
        if vr == "SQ":
            found.append((f"{indent}{tag}", name, vr, tr("{n} 项", n=len(value))))
            for item in value:
                _collect(item, indent + "› ", found, depth + 1)
        elif isinstance(value, bytes):
            found.append((f"{indent}{tag}", name, vr, tr("{n} 字节", n=len(value))))
        else:
            text = str(value).replace("\0", "")
            found.append(
                (f"{indent}{tag}", name, vr, text[:LONGEST_VALUE] + ("…" if len(text) > LONGEST_VALUE else ""))
            )


def _facts(facts: Iterable[tuple[str, str]]) -> str:
    rows = "".join(
        f"<tr><td class='quiet'>{_e(name)}</td><td>&nbsp;&nbsp;{_e(value)}</td></tr>" for name, value in facts if value
    )
    return f"<table cellspacing='4'>{rows}</table>" if rows else ""


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f"<th align='left'>{_e(h)}&nbsp;&nbsp;</th>" for h in heads)
    body = "".join("<tr>" + "".join(f"<td>{_e(c)}&nbsp;&nbsp;</td>" for c in row) + "</tr>" for row in rows)
    return f"<table cellspacing='0' cellpadding='3'><tr>{head}</tr>{body}</table>"


def _none() -> str:
    return f"<p class='quiet'>{_e(tr('文档没有内容'))}</p>"


def _e(text: str) -> str:
    return html.escape(str(text))
