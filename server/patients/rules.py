"""What is true of patients without any database: identity cards, ages, search keys."""

from __future__ import annotations

from datetime import date

from shared.domain.identity_documents import DocumentKind, IdentityDocument, normal_number, read_document

_FIRST_YEAR = 1850
OLDEST_YEARS = 150

normal_id_number = normal_number
"""An identity number as it is stored."""


def read_identity(text: str, kind: DocumentKind | None = None, *, today: date | None = None) -> IdentityDocument | None:
    """Read an identity number; None for a document that says nothing of birth and sex.

    Raises IdentityError with a sentence for the clerk.
    """
    document = read_document(text, kind, today=today)
    return document if document.birth_date is not None else None


def fault_of_birth_date(born: date, today: date) -> str | None:
    """Say what is wrong with a date of birth, or None."""
    if born > today:
        return "出生日期不能晚于今天。"
    if born.year < _FIRST_YEAR or today.year - born.year > OLDEST_YEARS:
        return "出生日期太早，请核对年份。"
    return None


def age_text(born: date | None, on: date) -> str:
    """Return the age on a day as Chinese radiology writes it: "45岁", below one year "3月", below a month "12天"."""
    if born is None or born > on:
        return ""
    months = (on.year - born.year) * 12 + on.month - born.month - (on.day < born.day)
    if months >= 12:
        return f"{months // 12}岁"
    return f"{months}月" if months >= 1 else f"{(on - born).days}天"


def dicom_age(born: date | None, on: date) -> str:
    """Return the age as DICOM VR AS: "045Y", "003M", "012D" (PS3.5 6.2); empty when unknown."""
    text = age_text(born, on)
    if not text:
        return ""
    return f"{int(text[:-1]):03d}{ {'岁': 'Y', '月': 'M', '天': 'D'}[text[-1]] }"


def flat(text: str) -> str:
    """Return a name or number as search keys are kept: lower case, only letters and digits."""
    return "".join(character for character in text.casefold() if character.isalnum())
