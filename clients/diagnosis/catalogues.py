"""The English words of the workstation, package by package."""

from __future__ import annotations

from clients.diagnosis import translations
from clients.diagnosis.auditing import texts as auditing_texts
from clients.diagnosis.checking import texts as checking_texts
from clients.diagnosis.collections import texts as collections_texts
from clients.diagnosis.critical import texts as critical_texts
from clients.diagnosis.handing_out import texts as handing_out_texts
from clients.diagnosis.quality import texts as quality_texts
from clients.diagnosis.remote import texts as remote_texts
from clients.diagnosis.report import texts as report_texts
from clients.diagnosis.results import texts as results_texts
from clients.diagnosis.statistics import texts as statistics_texts
from clients.diagnosis.structured import english as structured_words
from clients.diagnosis.worklist import texts as worklist_texts

CATALOGUES = (
    translations.ENTRIES,
    report_texts.ENTRIES,
    worklist_texts.ENTRIES,
    collections_texts.ENTRIES,
    critical_texts.ENTRIES,
    statistics_texts.ENTRIES,
    checking_texts.ENTRIES,
    quality_texts.ENTRIES,
    structured_words.ENTRIES,
    auditing_texts.ENTRIES,
    results_texts.ENTRIES,
    handing_out_texts.ENTRIES,
    remote_texts.ENTRIES,
)
"""In the order in which they are registered."""
