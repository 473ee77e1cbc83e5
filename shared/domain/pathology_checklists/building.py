"""How a checklist is written down: elements with words in both languages, made into a form of either language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shared.domain.structured import Code, Field, FieldKind, FormTemplate, Option, Part, Section
from shared.domain.structured_form import Filled

LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Element:
    """One element. `words` and options are `中文|English`; options are `key=中文|English`, divided by `;`."""

    key: str
    words: str
    kind: FieldKind = FieldKind.CHOICE
    options: str = ""
    required: bool = True
    unit: str = ""
    low: float | None = None
    high: float | None = None
    decimals: int = 0
    when: str = ""
    default: str = ""
    loinc: str = ""

    def field(self, language: str) -> Field:
        """Return the element as a field of a form."""
        return Field(
            key=self.key,
            label=in_language(self.words, language),
            kind=self.kind,
            code=Code("LN", self.loinc, in_language(self.words, "en")) if self.loinc else None,
            unit=self.unit,
            low=self.low,
            high=self.high,
            decimals=self.decimals,
            options=tuple(
                Option(key=key.strip(), text=in_language(words.strip(), language))
                for key, _sign, words in (one.partition("=") for one in self.options.split(";") if one.strip())
            ),
            required=self.required,
            default=self.default,
            visible_when=self.when,
        )


def choice(key: str, words: str, options: str, *, required: bool = True, when: str = "", default: str = "") -> Element:
    """One of several answers."""
    return Element(key, words, FieldKind.CHOICE, options, required, when=when, default=default)


def choices(key: str, words: str, options: str, *, required: bool = False, when: str = "") -> Element:
    """Any number of answers."""
    return Element(key, words, FieldKind.CHOICES, options, required, when=when)


def number(
    key: str,
    words: str,
    unit: str = "",
    *,
    high: float,
    low: float = 0.0,
    decimals: int = 0,
    required: bool = True,
    when: str = "",
) -> Element:
    """A number within bounds."""
    return Element(key, words, FieldKind.NUMBER, "", required, unit, low, high, decimals, when)


def text(key: str, words: str, *, required: bool = False, when: str = "") -> Element:
    """Free words."""
    return Element(key, words, FieldKind.TEXT, "", required, when=when)


@dataclass(frozen=True, slots=True)
class Stage:
    """What the tables give: categories such as pT2, the group such as IIB (empty where it is not computed), and why.

    Each note is `中文|English`.
    """

    t: str = ""
    n: str = ""
    m: str = ""
    group: str = ""
    prefix: str = ""  # y, r, m before the p
    notes: tuple[str, ...] = ()

    def words(self) -> str:
        """As it is printed: `ypT2 pN1a cM0，IIB`; empty where nothing is known."""
        known = " ".join(one for one in (self.t and f"{self.prefix}{self.t}", self.n, self.m) if one)
        return f"{known}，{self.group}" if self.group and known else known


@dataclass(frozen=True, slots=True)
class Checklist:
    """A tumour's checklist. `sections` are (`中文|English`, elements); `asks` words in a diagnosis that ask for it."""

    key: str
    version: int
    name: str
    staging: str
    asks: tuple[str, ...]
    sections: tuple[tuple[str, tuple[Element, ...]], ...]
    stage: Callable[[Filled], Stage]
    faults: Callable[[Filled], tuple[str, ...]]

    def form(self, language: str = "zh") -> FormTemplate:
        """Return the form in a language; keys are the same in both."""
        return FormTemplate(
            title=in_language(self.name, language),
            identifier=f"pathology.{self.key}",
            language="zh-CN" if language == "zh" else "en",
            sections=tuple(
                Section(
                    key=f"section_{index}",
                    title=in_language(title, language),
                    part=Part.IMPRESSION,
                    fields=tuple(one.field(language) for one in elements),
                )
                for index, (title, elements) in enumerate(self.sections, 1)
            ),
        )


def in_language(words: str, language: str) -> str:
    """Return one language of `中文|English`."""
    zh, _bar, en = words.partition("|")
    return en if language == "en" and en else zh


# ── reading answers ──────────────────────────────────────────────────────────────────────────────────


def picked(filled: Filled, key: str) -> str:
    """Return the key of the chosen option, empty without one."""
    options = filled.value(key).options
    return options[0] if options and filled.is_visible(key) else ""


def several(filled: Filled, key: str) -> frozenset[str]:
    """Return the keys of the chosen options."""
    return frozenset(filled.value(key).options) if filled.is_visible(key) else frozenset()


def amount(filled: Filled, key: str) -> float | None:
    """Return a number, None where none is given."""
    return filled.value(key).number if filled.is_visible(key) else None


def prefix_of(filled: Filled) -> str:
    """Return the descriptors before the p, as TNM orders them: m is written behind in brackets and left out here."""
    return "".join(one for one in ("y", "r") if one in several(filled, "descriptors"))


def m_of(filled: Filled) -> str:
    """Return the M category; without an answer nothing."""
    value = picked(filled, "metastasis")
    return "" if not value else f"c{value.upper()}" if value == "m0" else f"pM{value[1:]}"


def too_many_positive(filled: Filled) -> tuple[str, ...]:
    """A fault where more nodes are positive than were examined."""
    examined, positive = amount(filled, "nodes_examined"), amount(filled, "nodes_positive")
    if examined is not None and positive is not None and positive > examined:
        return ("阳性淋巴结数不能大于检出淋巴结数，请更正。|More positive than examined lymph nodes: please correct.",)
    return ()


DESCRIPTORS = choices(
    "descriptors", "TNM 前缀|TNM descriptors", "y=y 新辅助治疗后|y after neoadjuvant treatment; r=r 复发|r recurrent"
)
MARGIN = choice(
    "margins", "切缘|Margins", "negative=阴性|Negative; positive=阳性|Positive; unknown=无法评估|Cannot be assessed"
)
LVI = choice(
    "lvi", "脉管侵犯|Lymphovascular invasion",
    "absent=未见|Not seen; present=可见|Present; unknown=无法评估|Cannot be assessed",
)  # fmt: skip
PNI = choice(
    "pni", "神经侵犯|Perineural invasion",
    "absent=未见|Not seen; present=可见|Present; unknown=无法评估|Cannot be assessed", required=False,
)  # fmt: skip
EXAMINED = number("nodes_examined", "检出淋巴结数|Nodes examined", high=200)
POSITIVE = number("nodes_positive", "阳性淋巴结数|Nodes positive", high=200, when="nodes_examined > 0")
AFTER_TREATMENT = "新辅助治疗后（yp）不自动计算分期组。|The group is not computed after neoadjuvant treatment (yp)."
