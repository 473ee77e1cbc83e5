"""Synoptic checklists: forms are well made, stages follow the tables of AJCC 8, text and required elements."""

from __future__ import annotations

import pytest

from shared.domain import pathology_checklists as checklists
from shared.domain.pathology_checklists.breast import group_of
from shared.domain.pathology_checklists.gut import colorectal_group, stomach_group
from shared.domain.pathology_checklists.others import lung_group, prostate_group, thyroid_group
from shared.domain.structured import FieldValue, FormContent
from shared.domain.structured_checking import mistakes
from shared.domain.structured_form import new_form, with_value


def filled(key: str, **answers: object) -> FormContent:
    form = new_form(checklists.form(key, 1), 0, 1)
    for path, value in answers.items():
        if isinstance(value, str):
            put = FieldValue(options=(value,))
        elif isinstance(value, tuple):
            put = FieldValue(options=value)
        else:
            put = FieldValue(number=float(value))  # type: ignore[arg-type]
        form = with_value(form, path, put)
    return form


@pytest.mark.parametrize("one", checklists.CHECKLISTS, ids=lambda one: one.key)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_each_form_is_well_made_in_both_languages(one: checklists.Checklist, language: str) -> None:
    form = one.form(language)
    assert mistakes(form) == ()
    zh = [field.key for _section, field in one.form("zh").fields()]
    assert [field.key for _section, field in form.fields()] == zh
    if language == "en":
        words = [form.title, *(field.label for _s, field in form.fields())]
        words += [option.text for _s, field in form.fields() for option in field.options]
        assert all(ord(letter) < 0x2E80 for word in words for letter in word)
    assert checklists.missing(one.key, new_form(form, 0, one.version))


@pytest.mark.parametrize(
    ("key", "answers", "stage"),
    [
        ("breast", {"type": "nst", "size": 8, "nodes_examined": 3, "nodes_positive": 0, "deposit": "none",
                    "metastasis": "m0"}, "pT1b pN0 cM0，IA"),
        ("breast", {"type": "nst", "size": 18, "nodes_examined": 3, "nodes_positive": 1, "deposit": "micro",
                    "metastasis": "m0"}, "pT1c pN1mi cM0，IB"),
        ("breast", {"type": "nst", "size": 60, "nodes_examined": 20, "nodes_positive": 11, "deposit": "macro",
                    "metastasis": "m0"}, "pT3 pN3a cM0，IIIC"),
        ("breast", {"type": "dcis", "nodes_examined": 2, "nodes_positive": 0, "deposit": "none",
                    "metastasis": "m0"}, "pTis pN0 cM0，0"),
        ("breast", {"type": "nst", "size": 30, "extension": ("skin", "wall"), "nodes_examined": 0,
                    "metastasis": "m0"}, "pT4c pNX cM0"),
        ("colorectal", {"invasion": "t3", "nodes_examined": 14, "nodes_positive": 0, "deposits": "present",
                        "metastasis": "m0"}, "pT3 pN1c cM0，IIIB"),
        ("colorectal", {"invasion": "t4a", "nodes_examined": 14, "nodes_positive": 5, "deposits": "absent",
                        "metastasis": "m1c"}, "pT4a pN2a pM1c，IVC"),
        ("stomach", {"invasion": "t1b", "nodes_examined": 20, "nodes_positive": 16, "metastasis": "m0"},
         "pT1b pN3b cM0，IIIB"),
        ("stomach", {"invasion": "t3", "descriptors": ("y",), "nodes_examined": 20, "nodes_positive": 2,
                     "metastasis": "m0"}, "ypT3 pN1 cM0"),
        ("lung", {"type": "adeno", "size": 25, "pleura": "pl1", "nodes_examined": 8, "nodes_positive": 0,
                  "metastasis": "m0"}, "pT2a pN0 cM0，IB"),
        ("lung", {"type": "squamous", "size": 45, "pleura": "pl0", "nodes_examined": 8, "nodes_positive": 2,
                  "stations": ("n1", "n2"), "metastasis": "m0"}, "pT2b pN2 cM0，IIIA"),
        ("lung", {"type": "mia", "size": 20, "pleura": "pl0", "nodes_examined": 8, "nodes_positive": 0,
                  "metastasis": "m0"}, "pT1mi pN0 cM0，IA1"),
        ("prostate", {"primary": "g3", "secondary": "g4", "psa": 12, "invasion": "t2", "nodes_examined": 9,
                      "nodes_positive": 0, "metastasis": "m0"}, "pT2 pN0 cM0，IIB"),
        ("prostate", {"primary": "g4", "secondary": "g5", "psa": 5, "invasion": "t2", "nodes_examined": 9,
                      "nodes_positive": 0, "metastasis": "m0"}, "pT2 pN0 cM0，IIIC"),
        ("thyroid", {"age": 54, "type": "papillary", "size": 45, "extension": "none", "nodes_examined": 9,
                     "nodes_positive": 3, "levels": ("lateral",), "metastasis": "m0"}, "pT3a pN1b cM0，I"),
        ("thyroid", {"age": 55, "type": "papillary", "size": 9, "extension": "microscopic", "nodes_examined": 0,
                     "metastasis": "m0"}, "pT1a pNX cM0，I"),
        ("thyroid", {"age": 70, "type": "anaplastic", "size": 30, "extension": "t4a", "nodes_examined": 4,
                     "nodes_positive": 0, "metastasis": "m0"}, "pT4a pN0a cM0，IVB"),
    ],
)  # fmt: skip
def test_stages_by_worked_cases(key: str, answers: dict[str, object], stage: str) -> None:
    assert checklists.stage(key, filled(key, **answers)).words() == stage


def test_groups_row_by_row_as_the_tables_print_them() -> None:
    for t, row in {
        "pT1": "I IIIA IIIA IIIA IIIB", "pT2": "I IIIA IIIA IIIB IIIB", "pT3": "IIA IIIB IIIB IIIB IIIC",
        "pT4a": "IIB IIIB IIIB IIIC IIIC", "pT4b": "IIC IIIC IIIC IIIC IIIC",
    }.items():  # fmt: skip
        assert [colorectal_group(t, n, "cM0") for n in ("pN0", "pN1a", "pN1c", "pN2a", "pN2b")] == row.split()
    for t, row in {
        "pT1a": "IA IB IIA IIB IIIB", "pT2": "IB IIA IIB IIIA IIIB", "pT3": "IIA IIB IIIA IIIB IIIC",
        "pT4a": "IIB IIIA IIIA IIIB IIIC", "pT4b": "IIIA IIIB IIIB IIIC IIIC",
    }.items():  # fmt: skip
        assert [stomach_group(t, n, "cM0") for n in ("pN0", "pN1", "pN2", "pN3a", "pN3b")] == row.split()
    for t, row in {
        "pT1a": "IA1 IIB IIIA IIIB", "pT1b": "IA2 IIB IIIA IIIB", "pT1c": "IA3 IIB IIIA IIIB",
        "pT2a": "IB IIB IIIA IIIB", "pT2b": "IIA IIB IIIA IIIB", "pT3": "IIB IIIA IIIB IIIC",
        "pT4": "IIIA IIIA IIIB IIIC",
    }.items():  # fmt: skip
        assert [lung_group(t, n, "cM0") for n in ("pN0", "pN1", "pN2", "pN3")] == row.split()
    for t, row in {
        "pT1c": "IA IB IIA IIIA IIIC", "pT2": "IIA IIB IIB IIIA IIIC", "pT3": "IIB IIIA IIIA IIIA IIIC",
        "pT4b": "IIIB IIIB IIIB IIIB IIIC",
    }.items():  # fmt: skip
        assert [group_of(t, n, "cM0") for n in ("pN0", "pN1mi", "pN1a", "pN2a", "pN3a")] == row.split()
    assert [prostate_group("pT2", "pN0", "cM0", grade, 9.0) for grade in (1, 2, 3, 4, 5)] == [
        "I", "IIB", "IIC", "IIC", "IIIC"
    ]  # fmt: skip
    assert prostate_group("pT2", "pN0", "cM0", 1, 10) == "IIA" and prostate_group("pT2", "pN0", "cM0", 2, 20) == "IIIA"
    assert (
        prostate_group("pT3b", "pN0", "cM0", 1, None) == "IIIB" and prostate_group("pT2", "pN0", "cM0", 1, None) == ""
    )
    old = [thyroid_group(t, "pN0a", "cM0", "differentiated", 60) for t in ("pT2", "pT3a", "pT3b", "pT4a", "pT4b")]
    assert old == ["I", "II", "II", "III", "IVA"]
    assert thyroid_group("pT2", "pN1a", "cM0", "medullary", None) == "III"


def test_faults_are_named_and_the_text_has_the_stage_first() -> None:
    wrong = filled("stomach", nodes_examined=3, nodes_positive=5)
    assert "阳性" in checklists.faults("stomach", wrong)[0]
    assert "lymph nodes" in checklists.faults("stomach", wrong, "en")[0]
    text = checklists.text("lung", filled("lung", type="adeno", size=15, pleura="pl0", nodes_examined=4,
                                          nodes_positive=0, metastasis="m0"))  # fmt: skip
    assert text.splitlines()[0] == "病理分期（AJCC 8）：pT1b pN0 cM0，IA2" and "15 mm" in text


@pytest.mark.parametrize(
    ("diagnosis", "key"),
    [
        ("（胃窦）胃癌，低分化", "stomach"),
        ("未见胃癌", ""),
        ("（右肺上叶）肺腺癌", "lung"),
        ("慢性胃炎", ""),
        ("乳腺癌", "breast"),
    ],
)
def test_a_diagnosis_asks_for_its_checklist(diagnosis: str, key: str) -> None:
    found = checklists.asked_for(diagnosis)
    assert (found.key if found else "") == key
