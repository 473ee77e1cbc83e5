"""The supplied templates: no mistakes, and the categories that the published tables give."""

from __future__ import annotations

import msgspec
import pytest

from server.structured.catalogue import supplied_templates
from shared.domain.structured import FieldValue, FormTemplate, Part
from shared.domain.structured_checking import mistakes
from shared.domain.structured_document import refill
from shared.domain.structured_form import Filled, new_form

ALL = list(supplied_templates())


def template(words: str) -> FormTemplate:
    return next(one for one in ALL if words in one.title)


def value(number_or_key: object) -> FieldValue:
    if isinstance(number_or_key, int | float):
        return FieldValue(number=float(number_or_key))
    return FieldValue(options=tuple(str(number_or_key).split()))


def filled(words: str, group: str, *items: dict[str, object], **values: object) -> Filled:
    one = template(words)
    form = new_form(one, 1, 1)
    kept = {key: value(given) for key, given in values.items()}
    for number, item in enumerate(items, 1):
        kept |= {f"{group}.{number}.{key}": value(given) for key, given in item.items()}
    numbers = {group: tuple(range(1, len(items) + 1))} if items else {}
    return Filled(one, msgspec.structs.replace(form, values=kept, items=numbers))


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.identifier)
def test_no_supplied_template_has_a_mistake(one: FormTemplate) -> None:
    assert mistakes(one) == ()
    woven = refill(Filled(one, new_form(one, 1, 1)), {Part.FINDINGS: "", Part.IMPRESSION: ""})
    assert all(sentence.written.endswith("。") for sentence in woven.form.sentences)


def test_no_category_is_written_before_anything_was_found() -> None:
    for one in ALL:
        woven = refill(Filled(one, new_form(one, 1, 1)), {Part.FINDINGS: "", Part.IMPRESSION: ""})
        assert not any("RADS" in sentence.written for sentence in woven.form.sentences), one.title


def test_identifiers_are_never_used_twice() -> None:
    assert len({one.identifier for one in ALL}) == len(ALL) == 10


@pytest.mark.parametrize(
    ("item", "category"),
    [
        ({"kind": "solid", "long": 6, "short": 5}, "2"),
        ({"kind": "solid", "long": 7, "short": 6}, "3"),
        ({"kind": "solid", "long": 9, "short": 8}, "4A"),
        ({"kind": "solid", "long": 16, "short": 15}, "4B"),
        ({"kind": "solid", "long": 5, "short": 4, "status": "new"}, "3"),
        ({"kind": "solid", "long": 7, "short": 6, "status": "new"}, "4A"),
        ({"kind": "solid", "long": 9, "short": 8, "status": "growing"}, "4B"),
        ({"kind": "solid", "long": 9, "short": 8, "calcium": "benign"}, "1"),
        ({"kind": "part", "long": 9, "short": 8, "core": 3}, "3"),
        ({"kind": "part", "long": 9, "short": 8, "core": 6.5}, "4A"),
        ({"kind": "part", "long": 9, "short": 8, "core": 8}, "4B"),
        ({"kind": "part", "long": 5, "short": 5, "core": 2}, "2"),
        ({"kind": "ggn", "long": 20, "short": 20}, "2"),
        ({"kind": "ggn", "long": 31, "short": 30}, "3"),
    ],
)
def test_lung_rads(item: dict[str, object], category: str) -> None:
    found = filled("肺结节", "nodules", {"lobe": "rul", **item})
    assert found.value("nodules.1.category").options == (category,)
    assert found.value("lungrads").options == (category,)


def test_the_highest_nodule_decides() -> None:
    small, large = (
        {"lobe": "rul", "kind": "solid", "long": 4, "short": 4},
        {"lobe": "lll", "kind": "solid", "long": 16, "short": 16},
    )
    assert filled("肺结节", "nodules", small, large).value("lungrads").options == ("4B",)


@pytest.mark.parametrize(
    ("zone", "t2", "dwi", "dce", "category"),
    [
        ("pz", "3", "3", "neg", "3"),
        ("pz", "3", "3", "pos", "4"),
        ("pz", "5", "4", "neg", "4"),
        ("pz", "2", "2", "pos", "2"),
        ("tz", "2", "3", "neg", "2"),
        ("tz", "2", "4", "neg", "3"),
        ("tz", "3", "4", "neg", "3"),
        ("tz", "3", "5", "neg", "4"),
        ("tz", "5", "3", "neg", "5"),
    ],
)
def test_pi_rads(zone: str, t2: str, dwi: str, dce: str, category: str) -> None:
    found = filled("前列腺", "lesions", {"zone": zone, "size": 9, "t2": t2, "dwi": dwi, "dce": dce})
    assert found.value("overall").options == (category,)


def test_the_volume_and_the_density_of_the_prostate() -> None:
    found = filled("前列腺", "lesions", transverse=50, anteroposterior=40, craniocaudal=45, psa=9.4)
    assert found.value("volume").number == 47.1 and found.value("psad").number == 0.2


@pytest.mark.parametrize(
    ("item", "level", "advice"),
    [
        (
            {
                "composition": "sponge",
                "echo": "none",
                "shape": "wide",
                "margin": "smooth",
                "foci": "none",
                "long": 30,
                "wide": 20,
            },
            "1",
            "none",
        ),
        (
            {
                "composition": "mixed",
                "echo": "high",
                "shape": "wide",
                "margin": "smooth",
                "foci": "none",
                "long": 30,
                "wide": 20,
            },
            "2",
            "none",
        ),
        (
            {
                "composition": "solid",
                "echo": "high",
                "shape": "wide",
                "margin": "smooth",
                "foci": "none",
                "long": 26,
                "wide": 20,
            },
            "3",
            "fna",
        ),
        (
            {
                "composition": "solid",
                "echo": "low",
                "shape": "wide",
                "margin": "smooth",
                "foci": "none",
                "long": 12,
                "wide": 10,
            },
            "4",
            "follow",
        ),
        (
            {
                "composition": "solid",
                "echo": "low",
                "shape": "tall",
                "margin": "smooth",
                "foci": "none",
                "long": 8,
                "wide": 10,
            },
            "5",
            "fna",
        ),
        (
            {
                "composition": "solid",
                "echo": "low",
                "shape": "wide",
                "margin": "smooth",
                "foci": "punctate macro",
                "long": 4,
                "wide": 4,
            },
            "5",
            "none",
        ),
    ],
)
def test_ti_rads(item: dict[str, object], level: str, advice: str) -> None:
    found = filled("甲状腺", "nodules", {"side": "r", **item})
    assert found.value("nodules.1.level").options == (level,)
    assert found.value("nodules.1.advice").options == (advice,)


@pytest.mark.parametrize(
    ("size", "aphe", "washout", "capsule", "growth", "category"),
    [
        (8, "no", "no", "no", "no", "3"),
        (25, "no", "yes", "no", "no", "4"),
        (8, "yes", "no", "no", "no", "3"),
        (8, "yes", "yes", "no", "no", "4"),
        (15, "yes", "no", "no", "no", "3"),
        (15, "yes", "no", "yes", "no", "4"),
        (15, "yes", "yes", "no", "no", "5"),
        (15, "yes", "no", "no", "yes", "5"),
        (15, "yes", "yes", "yes", "no", "5"),
        (25, "yes", "no", "no", "no", "4"),
        (25, "yes", "no", "yes", "no", "5"),
        (25, "rim", "yes", "no", "no", "M"),
    ],
)
def test_li_rads(size: int, aphe: str, washout: str, capsule: str, growth: str, category: str) -> None:
    item = {"segment": "6", "size": size, "aphe": aphe, "washout": washout, "capsule": capsule, "growth": growth}
    found = filled("肝脏", "observations", item)
    assert found.value("observations.1.lirads").options == (category,)
    assert found.value("overall").options == (category,)


@pytest.mark.parametrize(
    ("lesions", "category"),
    [
        ((("lad_p", 10),), "1"),
        ((("lad_p", 40),), "2"),
        ((("lad_p", 60),), "3"),
        ((("lad_p", 75),), "4A"),
        ((("lm", 50),), "4B"),
        ((("lad_p", 75), ("lcx_p", 75), ("rca_m", 80)), "4B"),
        ((("lad_p", 100),), "5"),
    ],
)
def test_cad_rads(lesions: tuple[tuple[str, int], ...], category: str) -> None:
    items = [{"segment": segment, "stenosis": stenosis} for segment, stenosis in lesions]
    assert filled("冠状动脉", "lesions", *items).value("cadrads").options == (category,)


def test_the_volume_of_a_bleeding_and_what_the_impression_says() -> None:
    found = filled("头颅", "bleeds", {"kind": "ich", "a": 40, "b": 30, "c": 20}, shift=7, shift_side="r")
    woven = refill(found, {Part.FINDINGS: "", Part.IMPRESSION: ""})
    said = "".join(one.written for one in woven.form.sentences)
    assert "体积约12mL" in said and "脑实质出血。" in said and "中线结构移位约7mm，向右侧" in said
    assert "未见明确出血" not in said and "未见明确急性病变" not in said
