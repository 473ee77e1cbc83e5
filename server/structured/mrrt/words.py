"""The words of the profile and those of ours that stand beside them as ``data-mj-`` attributes."""

from __future__ import annotations

OURS = "data-mj-"
SCHEMES = {"RADLEX": "RADLEX", "LN": "LOINC", "SCT": "SNOMEDCT", "UCUM": "UCUM", "DCM": "DCM", "99MJ": "99MJ"}
"""Our designator → the profile's name of a coding scheme."""
OIDS = {
    "RADLEX": "2.16.840.1.113883.6.256",
    "LOINC": "2.16.840.1.113883.6.1",
    "SNOMEDCT": "2.16.840.1.113883.6.96",
    "UCUM": "2.16.840.1.113883.6.8",
    "DCM": "1.2.840.10008.2.16.4",
}
TERMS = {
    "title": "title",
    "identifier": "identifier",
    "description": "description",
    "language": "language",
    "creator": "creator",
    "publisher": "publisher",
    "rights": "rights",
    "date": "date",
}
"""Dublin Core term → member of the template."""
FIELD_ATTRIBUTES = ("data-field-merge-flag", "data-field-verbal-trigger", "data-field-completion-action")
IMPRESSION_WORDS = (
    "impression",
    "conclusion",
    "beurteilung",
    "recommend",
    "empfehlung",
    "诊断",
    "结论",
    "印象",
    "建议",
)


def our_scheme(name: str) -> str:
    """Return our designator of the profile's coding scheme."""
    upper = name.strip().upper().replace("-", "").replace("_", "").replace(" ", "")
    return {theirs: ours for ours, theirs in SCHEMES.items()}.get(upper, name.strip()[:16])
