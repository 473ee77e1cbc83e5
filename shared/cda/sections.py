"""The sections of an imaging report's body with narrative and entries (PS3.20 chapters 9 and 10)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from shared.cda.nodes import Node, code, identifier, moment, node, paragraphs, table, template
from shared.cda.report import ImagingReport
from shared.dicomkit.content_items import Code
from shared.dicomkit.headers import InstanceReference
from shared.dicomkit.structured_report_values import ReportedValue
from shared.dicomkit.uids import derived_uid

CLINICAL = Code("55752-0", "LN", "Clinical Information")
PROCEDURE = Code("55111-9", "LN", "Current Imaging Procedure Descriptions")
FINDINGS = Code("59776-5", "LN", "Procedure Findings")
IMPRESSION = Code("19005-8", "LN", "Impressions")
ADDENDUM = Code("55107-7", "LN", "Addendum")
KEY_IMAGES = Code("55113-5", "LN", "Key Images")
CATALOG = Code("121181", "DCM", "DICOM Object Catalog")
_SOP_CLASSES = "1.2.840.10008.2.6.1"


def body(report: ImagingReport) -> Node:
    """The structuredBody."""
    sections = [_withdrawal(report)] if report.withdrawn else _sections(report)
    return node(
        "component",
        None,
        node("structuredBody", None, *(node("component", None, section) for section in sections)),
    )


def _sections(report: ImagingReport) -> list[Node]:
    made = [_catalog(report)]
    if report.history or report.indication:
        text = [*paragraphs(report.history, "history")] if report.history else []
        text += paragraphs(f"检查目的：{report.indication}", "indication") if report.indication else []
        made.append(_section(report, "1.2.840.10008.9.2", CLINICAL, "临床信息", text))
    made.append(_procedure(report))
    made.append(
        _section(
            report,
            "2.16.840.1.113883.10.20.6.1.2",
            FINDINGS,
            "影像所见",
            [*paragraphs(report.findings, "findings"), *_narrated(report.values, "findings")],
            [_text_entry(report, "findings", Code("121071", "DCM", "Finding")), *_entries(report, "findings")],
        )
    )
    conclusion = paragraphs(report.impression, "impression")
    if report.is_critical:
        conclusion.append(node("paragraph", {"ID": "critical"}, text="危急值：是"))
    made.append(
        _section(
            report,
            "1.2.840.10008.9.5",
            IMPRESSION,
            "诊断意见",
            [*conclusion, *_narrated(report.values, "impression")],
            [_text_entry(report, "impression", Code("121073", "DCM", "Impression")), *_entries(report, "impression")],
        )
    )
    made += [
        _section(report, "1.2.840.10008.9.6", ADDENDUM, "补充报告", paragraphs(text, f"addendum{number}"), author=True)
        for number, text in enumerate(report.addenda, 1)
    ]
    if report.key_images:
        made.append(_key_images(report))
    return made


def _section(
    report: ImagingReport,
    template_id: str,
    concept: Code,
    title: str,
    text: Sequence[Node],
    entries: Iterable[Node] = (),
    *,
    author: bool = False,
) -> Node:
    written = [node("entry", {"typeCode": "DRIV"}, entry) for entry in entries]
    return node(
        "section",
        None,
        template(template_id),
        identifier(derived_uid("cda-section", report.document_oid, concept.value, title, str(len(text)))),
        code(concept),
        node("title", None, text=title),
        node("text", None, *text),
        _author(report) if author else None,
        *written,
    )


def _author(report: ImagingReport) -> Node:
    """PS3.20 9.7.1: an addendum names its author, even if the same."""
    who = report.authenticator
    return node(
        "author",
        None,
        moment(who.at or report.made_at, "time"),
        node(
            "assignedAuthor",
            None,
            identifier(staff_root(report), who.number) if who.number else node("id", {"nullFlavor": "UNK"}),
            node("assignedPerson", None, node("name", None, text=who.name or "-")),
        ),
    )


def _withdrawal(report: ImagingReport) -> Node:
    said = f"本报告已撤回，以修订后的报告为准。原因：{report.withdrawn}"
    return _section(report, "1.2.840.10008.9.5", IMPRESSION, "报告已撤回", paragraphs(said, "withdrawn"))


def _procedure(report: ImagingReport) -> Node:
    order = report.order
    act = node(
        "procedure",
        {"classCode": "PROC", "moodCode": "EVN"},
        template("1.2.840.10008.9.14"),
        identifier(order.study_uid),
        code(order.code, refers_to="procedure"),
        node(
            "effectiveTime",
            None,
            moment(order.started, "low") if order.started else None,
            moment(order.finished, "high") if order.finished else None,
        )
        if order.started or order.finished
        else None,
    )
    text = paragraphs(order.description or order.code.meaning, "procedure")
    return _section(report, "1.2.840.10008.9.3", PROCEDURE, "检查项目", text, [act])


# ── values ───────────────────────────────────────────────────────────────────────────────────────────


def _keyed(values: Sequence[ReportedValue], part: str) -> list[tuple[str, ReportedValue]]:
    return [(f"value{number}", value) for number, value in enumerate(values, 1) if value.part == part]


def _narrated(values: Sequence[ReportedValue], part: str) -> list[Node]:
    rows = [
        (key, f"{value.group} {value.label}".strip() or value.name.meaning, _said(value))
        for key, value in _keyed(values, part)
    ]
    return [table(rows, ("项目", "结果"))] if rows else []


def _said(value: ReportedValue) -> str:
    if value.text:
        return value.text
    if value.number is not None:
        return f"{value.number:g} {value.unit}"
    return "、".join(one.meaning for one in value.codes)


def _entries(report: ImagingReport, part: str) -> list[Node]:
    return [made for key, value in _keyed(report.values, part) for made in _value(report, key, value)]


def _value(report: ImagingReport, key: str, value: ReportedValue) -> list[Node]:
    if value.number is not None:
        measured = node("value", {"xsi:type": "PQ", "value": f"{value.number:g}", "unit": value.unit or "1"})
        return [_observation(report, "2.16.840.1.113883.10.20.6.2.14", key, 0, value, measured)]
    if value.codes:
        return [
            _observation(
                report, "2.16.840.1.113883.10.20.6.2.13", key, number, value, code(one, tag="value", kind="CD")
            )
            for number, one in enumerate(value.codes)
        ]
    said = node("value", {"xsi:type": "ED"}, node("reference", {"value": f"#{key}"}))
    return [_observation(report, "2.16.840.1.113883.10.20.6.2.12", key, 0, value, said)]


def _observation(
    report: ImagingReport, template_id: str, key: str, number: int, value: ReportedValue, answer: Node
) -> Node:
    image = None
    if value.image is not None:
        image = node("entryRelationship", {"typeCode": "SPRT"}, _sop(value.image))
    return node(
        "observation",
        {"classCode": "OBS", "moodCode": "EVN"},
        template(template_id),
        identifier(derived_uid("cda-entry", report.document_oid, key, str(number))),
        code(value.name, refers_to=key),
        node("statusCode", {"code": "completed"}),
        moment(report.order.finished or report.made_at),
        answer,
        image,
    )


def _text_entry(report: ImagingReport, part: str, concept: Code) -> Node:
    return node(
        "observation",
        {"classCode": "OBS", "moodCode": "EVN"},
        template("2.16.840.1.113883.10.20.6.2.12"),
        identifier(derived_uid("cda-entry", report.document_oid, part)),
        code(concept),
        node("statusCode", {"code": "completed"}),
        moment(report.order.finished or report.made_at),
        node("value", {"xsi:type": "ED"}, node("reference", {"value": f"#{part}"})),
    )


# ── images ───────────────────────────────────────────────────────────────────────────────────────────


def _catalog(report: ImagingReport) -> Node:
    """The studies, series and instances that the document points at (DIR, 2.16.840.1.113883.10.20.6.1.1)."""
    named = [*report.key_images, *(value.image for value in report.values if value.image is not None)]
    unique = sorted({(one.study_uid, one.series_uid, one.sop_uid): one for one in named}.items())
    acts = []
    for study, of_study in groupby(unique, lambda one: one[0][0]):
        acts.append(_study(study, [one for _, one in of_study]))
    if not acts:
        acts.append(_study(report.order.study_uid, []))
    text = [node("paragraph", None, text=f"检查实例号：{report.order.study_uid}")]
    return _section(report, "2.16.840.1.113883.10.20.6.1.1", CATALOG, "影像目录", text, acts)


def _study(uid: str, images: Sequence[InstanceReference]) -> Node:
    series = [
        node("entryRelationship", {"typeCode": "COMP"}, _series(series_uid, list(of_series)))
        for series_uid, of_series in groupby(images, lambda one: one.series_uid)
    ]
    return node(
        "act",
        {"classCode": "ACT", "moodCode": "EVN"},
        template("2.16.840.1.113883.10.20.6.2.6"),
        identifier(uid),
        code(Code("113014", "DCM", "Study")),
        *series,
    )


def _series(uid: str, images: Sequence[InstanceReference]) -> Node:
    return node(
        "act",
        {"classCode": "ACT", "moodCode": "EVN"},
        template("2.16.840.1.113883.10.20.22.4.63"),
        identifier(uid),
        code(Code("113015", "DCM", "Series")),
        *(node("entryRelationship", {"typeCode": "COMP"}, _sop(one)) for one in images),
    )


def _sop(image: InstanceReference) -> Node:
    return node(
        "observation",
        {"classCode": "DGIMG", "moodCode": "EVN"},
        template("1.2.840.10008.9.18"),
        identifier(image.sop_uid),
        node("code", {"code": image.sop_class_uid, "codeSystem": _SOP_CLASSES, "codeSystemName": "DCMUID"}),
    )


def _key_images(report: ImagingReport) -> Node:
    text = [
        node("paragraph", None, text=f"关键图像 {number}：{one.sop_uid}")
        for number, one in enumerate(report.key_images, 1)
    ]
    return _section(report, "1.2.840.10008.9.8", KEY_IMAGES, "关键图像", text, [_sop(one) for one in report.key_images])


def staff_root(report: ImagingReport) -> str:
    """The OID under which the hospital numbers its staff."""
    return derived_uid("staff", report.hospital)
