"""The quality indicators of pathology, with their definitions (EX-PA-14)."""

from __future__ import annotations

from enum import StrEnum

from shared.domain.pathology import Word


class Indicator(StrEnum):
    """The 13 quality indicators of pathology of the National Health Commission (国卫办医函〔2015〕252号)."""

    DOCTORS = "doctors"
    TECHNICIANS = "technicians"
    FIXATION = "fixation"
    SECTIONS = "sections"
    IMMUNO = "immuno"
    FROZEN_TIME = "frozen_time"
    TISSUE_TIME = "tissue_time"
    CYTOLOGY_TIME = "cytology_time"
    MOLECULAR_INTERNAL = "molecular_internal"
    IMMUNO_EXTERNAL = "immuno_external"
    MOLECULAR_EXTERNAL = "molecular_external"
    CYTOLOGY_AGREEMENT = "cytology_agreement"
    FROZEN_AGREEMENT = "frozen_agreement"


INDICATORS: dict[Indicator, tuple[Word, Word, Word, Word]] = {
    Indicator.DOCTORS: (
        Word("每百张病床病理医师数", "Pathologists per 100 beds"),
        Word("病理医师数与同期医院实际开放床位数之比，按每百张病床计。", "Pathologists for each 100 open beds."),
        Word("病理医师数", "Pathologists"),
        Word("实际开放床位数", "Open beds"),
    ),
    Indicator.TECHNICIANS: (
        Word("每百张病床病理技术人员数", "Technicians per 100 beds"),
        Word("病理技术人员数与同期医院实际开放床位数之比，按每百张病床计。", "Technicians for each 100 open beds."),
        Word("病理技术人员数", "Technicians"),
        Word("实际开放床位数", "Open beds"),
    ),
    Indicator.FIXATION: (
        Word("标本规范化固定率", "Standard fixation"),
        Word(
            "规范化固定（离体后一小时内置入中性缓冲福尔马林）的标本数占同期标本总数的比例。",
            "Specimens put into neutral buffered formalin within an hour of removal, among all specimens.",
        ),
        Word("规范化固定的标本数", "Specimens fixed to standard"),
        Word("标本总数", "Specimens"),
    ),
    Indicator.SECTIONS: (
        Word("HE染色切片优良率", "HE sections of good quality"),
        Word(
            "HE染色优良（甲级、乙级）切片数占同期已评级HE染色切片总数的比例。",
            "HE slides graded A or B among those graded.",
        ),
        Word("HE染色优良切片数", "HE slides of good quality"),
        Word("已评级HE切片总数", "Graded HE slides"),
    ),
    Indicator.IMMUNO: (
        Word("免疫组化染色切片优良率", "Immunostains of good quality"),
        Word(
            "免疫组化染色优良切片数占同期已评级免疫组化切片总数的比例。",
            "Immunostains graded A or B among those graded.",
        ),
        Word("免疫组化优良切片数", "Immunostains of good quality"),
        Word("已评级免疫组化切片总数", "Graded immunostains"),
    ),
    Indicator.FROZEN_TIME: (
        Word("术中快速病理诊断及时率", "Frozen sections in time"),
        Word(
            "在规定时间内（单例30分钟；前一例未完成时45分钟）完成的术中快速病理诊断数占同期总数的比例。",
            "Frozen diagnoses given within 30 minutes (45 while an earlier one is open), among all.",
        ),
        Word("及时的术中快速诊断数", "Frozen diagnoses in time"),
        Word("术中快速诊断总数", "Frozen diagnoses"),
    ),
    Indicator.TISSUE_TIME: (
        Word("组织病理诊断及时率", "Tissue reports in time"),
        Word(
            "自收到标本起，小标本3个、其他标本5个工作日内完成的组织病理诊断数占同期总数的比例。",
            "Tissue reports audited within 3 (small biopsies) or 5 working days, among all.",
        ),
        Word("及时的组织病理诊断数", "Tissue reports in time"),
        Word("组织病理诊断总数", "Tissue reports"),
    ),
    Indicator.CYTOLOGY_TIME: (
        Word("细胞病理诊断及时率", "Cytology reports in time"),
        Word(
            "自收到标本起2个工作日内完成的细胞病理诊断数占同期总数的比例。",
            "Cytology audited within 2 working days, among all.",
        ),
        Word("及时的细胞病理诊断数", "Cytology reports in time"),
        Word("细胞病理诊断总数", "Cytology reports"),
    ),
    Indicator.MOLECULAR_INTERNAL: (
        Word("各项分子病理检测室内质控合格率", "Molecular: internal control"),
        Word(
            "室内质控合格的分子病理检测项目数占同期开展项目总数的比例。",
            "Molecular tests that passed internal control, among all.",
        ),
        Word("室内质控合格的项目数", "Tests that passed"),
        Word("分子病理检测项目总数", "Molecular tests"),
    ),
    Indicator.IMMUNO_EXTERNAL: (
        Word("免疫组化染色室间质评合格率", "Immunostains: external test"),
        Word(
            "室间质评合格的免疫组化项目数占同期参加项目总数的比例。",
            "Immunostains that passed external assessment, among all sent in.",
        ),
        Word("室间质评合格的项目数", "Tests that passed"),
        Word("参加室间质评的项目总数", "Tests assessed"),
    ),
    Indicator.MOLECULAR_EXTERNAL: (
        Word("各项分子病理室间质评合格率", "Molecular: external test"),
        Word(
            "室间质评合格的分子病理项目数占同期参加项目总数的比例。",
            "Molecular tests that passed external assessment, among all sent in.",
        ),
        Word("室间质评合格的项目数", "Tests that passed"),
        Word("参加室间质评的项目总数", "Tests assessed"),
    ),
    Indicator.CYTOLOGY_AGREEMENT: (
        Word("细胞学病理诊断质控符合率", "Cytology agreement"),
        Word(
            "细胞学诊断与抽查复核或后续组织学诊断符合的例数占同期质控总例数的比例。",
            "Cytology that agrees with review or histology, among what was compared.",
        ),
        Word("符合的例数", "Cases that agree"),
        Word("质控总例数", "Cases compared"),
    ),
    Indicator.FROZEN_AGREEMENT: (
        Word("术中快速诊断与石蜡诊断符合率", "Frozen against paraffin agreement"),
        Word(
            "术中快速诊断与石蜡诊断符合的例数占同期术中快速诊断总例数的比例。",
            "Frozen diagnoses that agree with the paraffin diagnosis, among those compared.",
        ),
        Word("符合的例数", "Cases that agree"),
        Word("已对照的例数", "Cases compared"),
    ),
}
"""Name, definition, numerator and denominator of each indicator."""
ENTERED = frozenset(
    {
        Indicator.DOCTORS,
        Indicator.TECHNICIANS,
        Indicator.MOLECULAR_INTERNAL,
        Indicator.IMMUNO_EXTERNAL,
        Indicator.MOLECULAR_EXTERNAL,
    }
)
"""Indicators whose figures a person enters month by month; the others follow from the records."""
