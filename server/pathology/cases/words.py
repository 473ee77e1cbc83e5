"""What a case is found by: any part of the name, its pinyin and initials, and every number of the patient."""

from __future__ import annotations

import re
import unicodedata

from shared.contract.pathology import CaseEntry

LENGTH = 32
_MAX_NAME = 40
_GAPS = re.compile(r"[\s^·.]+")


def folded(text: str) -> str:
    """Return a text as words are kept: one width, small letters, without gaps."""
    return _GAPS.sub("", unicodedata.normalize("NFKC", text).casefold())


def words_of(entry: CaseEntry) -> set[str]:
    """Return the words of a case; a search is a word's beginning."""
    from shared.dicomkit.names import is_chinese, search_keys

    name = folded(entry.patient_name)[:_MAX_NAME]
    found = {name[start:] for start in range(len(name))}
    if is_chinese(name):
        found.update(key for key in search_keys(name) if key)
    found.update(
        folded(number)
        for number in (
            entry.application_number,
            entry.hospital_patient_id,
            entry.outpatient_number,
            entry.inpatient_number,
            entry.id_number,
            entry.phone,
        )
    )
    return {word[:LENGTH] for word in found if word}
