"""MRRT files: what the profile defines comes in, goes out and comes in again without loss."""

from __future__ import annotations

from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structured_samples import nodule_template

from server.structured.catalogue import supplied_templates
from server.structured.mrrt.reading import MrrtError, read_mrrt
from server.structured.mrrt.writing import write_mrrt
from shared.domain.structured import (
    Code,
    Field,
    FieldKind,
    FormTemplate,
    Option,
    Part,
    Section,
    field_at,
)
from shared.domain.structured_checking import mistakes
from shared.domain.structured_form import Filled, new_form
from shared.domain.structured_prose import sentences
from tests.server.structured.mrrt_samples import HABITS, PROFILE


def fields(template: FormTemplate) -> dict[str, Field]:
    return {field.key: field for _section, field in template.fields()}


def test_what_the_profile_defines_comes_in() -> None:
    imported = read_mrrt(PROFILE)
    template = imported.template
    assert (template.title, template.identifier, template.language) == ("CT Sinus", "1.2.840.99999.7", "en")
    assert (template.description, template.date, template.creator) == (
        "Paranasal sinuses & airway",
        "2024-05-06",
        "Doe, J.",
    )
    assert [(one.title, one.part) for one in template.sections] == [
        ("Findings", Part.FINDINGS),
        ("Impression", Part.IMPRESSION),
    ]
    assert template.sections[0].code == Code("LN", "59776-5", "Procedure Findings")
    found = fields(template)
    size = found["t1_size"]
    assert (size.kind, size.unit, size.low, size.high, size.decimals, size.default) == (
        FieldKind.NUMBER,
        "mm",
        0,
        80,
        1,
        "4.5",
    )
    assert size.code == Code("RADLEX", "RID13432", "diameter") and "term=RADLEX|RID4272|polyp" in size.kept
    assert "data-field-completion-action=ALERT" in size.kept
    side = found["t1_side"]
    assert side.options[0].code == Code("SCT", "24028007", "right") and side.options[0].words == "right maxillary sinus"
    assert side.default == side.options[0].key
    assert (found["t1_many"].kind, len(found["t1_many"].default.split())) == (FieldKind.CHOICES, 2)
    assert (found["t1_day"].kind, found["t1_day"].default) == (FieldKind.DATE, "2024-05-06")
    assert found["t1_note"].default == "None."
    assert (found["contrast"].kind, found["contrast"].label) == (FieldKind.CHOICES, "With contrast")
    assert (found["q1"].kind, [one.text for one in found["q1"].options]) == (FieldKind.CHOICE, ["Good", "Poor"])
    assert {"meta:contributor=Roe, R.", "meta:contributor=Poe, E.", "xml:status=ACTIVE"} <= set(template.kept)
    assert mistakes(template) == ()


def test_what_is_not_understood_is_named() -> None:
    unknown = "".join(read_mrrt(PROFILE).unknown)
    for words in ("样式表", "generator", "合并字段", "时间字段"):
        assert words in unknown


def test_a_foreign_template_writes_its_words() -> None:
    template = read_mrrt(PROFILE).template
    texts = [one.text for one in sentences(Filled(template, new_form(template, 1, 1)))]
    assert "The ostiomeatal units are patent." in texts
    assert "Polyp size：4.5mm。" in texts and "Impression：Normal.。" in texts


def test_the_habits_of_published_libraries_are_understood() -> None:
    imported = read_mrrt(HABITS)
    found = fields(imported.template)
    said = {key: field.prose for key, field in found.items()}
    assert (found["s1"].label, [one.text for one in found["s1"].options]) == ("Side", ["left", "right"])
    assert said["s1"] == "Side：{s1}。", "the question is not the first answer"
    wide = found["t144_100"]
    assert (wide.label, wide.default, [(one.text, one.words) for one in wide.options]) == (
        "Mediastinum",
        "",
        [("The mediastinum is wide.", "")],
    )
    assert said["t144_101"] == "Heart：{t144_101}。", "no identifier stands in a report"
    assert (found["fluid"].unit, said["fluid"]) == ("", "Free fluid of：{fluid} ml below the liver.")
    assert said["dd"] == "D-dimer：{dd}{dd.unit} FEU。"
    assert [(one.label, one.prose) for one in found.values() if one.label in ("central", "segmental")] == [
        ("central", "{field}。"),
        ("segmental", "{field_2}。"),
    ]
    assert [(one.text, one.words) for one in found["kind"].options] == [
        ("Benign / cyst", "cyst"),
        ("Malignant / cyst", "cyst"),
    ]
    assert (found["r1"].label, found["r1"].unit) == ("Right A. carotis interna PSV", "cm/s")
    assert (found["l1"].label, said["st"]) == ("Left A. carotis interna PSV", "Left Stent PSV：{st}。")
    assert "Vessel" not in imported.template.sections[0].prose, "a table's corner is no sentence"
    assert found["pl"].required and not found["rest"].required
    assert "h" not in found and "隐藏字段 h 不导入。" in imported.unknown
    assert (found["cb"].options[0].text, found["cb_free"].default) == ("with contrast", "")
    assert (found["who"].default, found["who"].hint) == ("", "[ReferringPhysician]")


def test_sections_inside_sections_keep_their_place_and_their_part() -> None:
    template = read_mrrt(HABITS).template
    assert [(one.title, one.part) for one in template.sections] == [
        ("Befund", Part.FINDINGS),
        ("Plaque", Part.FINDINGS),
        ("Befund", Part.FINDINGS),
        ("Beurteilung", Part.IMPRESSION),
        ("Procedere", Part.IMPRESSION),
    ]
    assert [one.key for one in template.sections[2].fields] == ["rest", "cb", "cb_free", "who"]
    assert template.sections[3].fields[0].prose == "{it}。", "the only field of a section is named by it"


@pytest.mark.parametrize("file", [PROFILE, HABITS])
def test_a_foreign_template_is_the_same_after_its_way_out_and_in(file: bytes) -> None:
    template = read_mrrt(file).template
    assert read_mrrt(write_mrrt(template)).template == template
    assert mistakes(template) == ()


def test_a_foreign_template_goes_out_and_comes_in_again_unchanged() -> None:
    template = read_mrrt(PROFILE).template
    written = write_mrrt(template)
    assert read_mrrt(written).template == template
    text = written.decode()
    for words in (
        '<meta name="dcterms.license" content="http://example.org/license">',
        '<meta name="dcterms.contributor" content="Roe, R.">',
        '<meta name="dcterms.contributor" content="Poe, E.">',
        '<meta name="generator" content="by hand">',
        'data-field-completion-action="ALERT"',
        'data-section-required="true"',
        'id="T1_size"',
        "<p>The ostiomeatal units are patent.</p>",
        "<status>ACTIVE</status>",
    ):
        assert words in text, words


@pytest.mark.parametrize("number", range(10))
def test_our_own_templates_lose_nothing(number: int) -> None:
    template = list(supplied_templates())[number]
    imported = read_mrrt(write_mrrt(template))
    assert imported.template == template and imported.unknown == []


def test_the_coded_part_is_well_formed_xml_that_names_each_element() -> None:
    text = write_mrrt(nodule_template()).decode()
    xml = text.partition('<script type="text/xml">')[2].partition("</script>")[0]
    root = ElementTree.fromstring(xml)
    named = {entry.get("ORIGTXT") for entry in root.iter("entry")}
    ids: set[str] = set()

    class Ids(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            ids.update(value for name, value in attrs if name == "id" and value)

    Ids().feed(text)
    assert named and named <= ids
    assert {code.get("scheme") for code in root.iter("code")} <= {one.get("name") for one in root.iter("coding_scheme")}


_WORDS = st.text(alphabet="ab中文<>&\"'{}[]|= \n/;#", min_size=1, max_size=12).filter(
    lambda text: text.strip() == text != ""
)
_KEYS = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)


def _line(text: str) -> str:
    return " ".join(text.split())


@st.composite
def _templates(draw: st.DrawFn) -> FormTemplate:
    keys = draw(
        st.lists(
            _KEYS.filter(lambda key: key not in ("and", "or", "not", "prior", "score", "true", "false")),
            min_size=3,
            max_size=6,
            unique=True,
        )
    )
    options = tuple(
        Option(
            key=f"o{n}",
            text=_line(draw(_WORDS)),
            words=draw(st.sampled_from(["", _line(draw(_WORDS))])),
            score=draw(st.sampled_from([None, 1.5])),
        )
        for n in range(draw(st.integers(1, 3)))
    )
    made = []
    for key in keys[1:]:
        kind = draw(
            st.sampled_from(
                [
                    FieldKind.TEXT,
                    FieldKind.NUMBER,
                    FieldKind.CHOICE,
                    FieldKind.CHOICES,
                    FieldKind.MEASUREMENT,
                    FieldKind.DATE,
                    FieldKind.IMAGE,
                ]
            )
        )
        choosing = kind in (FieldKind.CHOICE, FieldKind.CHOICES)
        code = draw(st.sampled_from([None, Code("RADLEX", "RID1", _line(draw(_WORDS)))]))
        made.append(
            Field(
                key=key,
                label=_line(draw(_WORDS)).rstrip(":："),
                kind=kind,
                code=code,
                hint=draw(st.sampled_from(["", _line(draw(_WORDS))])),
                unit=draw(st.sampled_from(["", "mm", "[hnsf'U]"])),
                low=None if choosing else draw(st.sampled_from([None, -3.25, 0.0])),
                options=options if choosing else (),
                default="o0" if choosing else "",
                required=draw(st.booleans()),
                prose=draw(st.sampled_from(["", f"{{{key}}}。", "[[x]]"])),
                own_line=draw(st.booleans()),
            )
        )
    return FormTemplate(
        title=_line(draw(_WORDS)),
        identifier="2.25.1",
        sections=(
            Section(
                key=keys[0], title=_line(draw(_WORDS)), part=draw(st.sampled_from(list(Part)[:2])), fields=tuple(made)
            ),
        ),
    )


@settings(max_examples=60, deadline=None)
@given(_templates())
def test_whatever_stands_in_a_template_survives_the_file(template: FormTemplate) -> None:
    if all(field.label for _s, field in template.fields()):
        assert read_mrrt(write_mrrt(template)).template == template


def test_a_group_keeps_its_fields_apart() -> None:
    template = read_mrrt(write_mrrt(nodule_template())).template
    assert field_at(template, "nodules.1.size") is not None and field_at(template, "size") is None


def test_a_file_in_gbk_is_read() -> None:
    text = PROFILE.decode().replace('charset="UTF-8"', 'charset="GBK"').replace("CT Sinus", "鼻窦CT")
    assert read_mrrt(text.encode("gb18030")).template.title == "鼻窦CT"
    with pytest.raises(MrrtError, match="编码"):
        read_mrrt(text.replace('"GBK"', '"x-klingon"').encode("gb18030"))
