"""Pages of files from elsewhere behind a paper of ours: what can follow does, what cannot harms nothing."""

from __future__ import annotations

from io import BytesIO

import pypdf
from reportlab.pdfgen.canvas import Canvas

from shared.paper import joining
from shared.paper.joining import followers, joined


def a_pdf(pages: int, word: str, *, link: bool = False) -> bytes:
    buffer = BytesIO()
    canvas = Canvas(buffer, invariant=1)
    for number in range(pages):
        canvas.drawString(100, 700, f"{word} {number}")
        if link:
            canvas.linkURL("http://elsewhere.example", (0, 0, 99, 99))
            canvas.acroForm.textfield(name=f"field{number}", value="shown", x=10, y=10)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def locked(data: bytes, password: str) -> bytes:
    writer, buffer = pypdf.PdfWriter(clone_from=BytesIO(data)), BytesIO()
    writer.encrypt(password, owner_password="owner")
    writer.write(buffer)
    return buffer.getvalue()


def texts(data: bytes) -> list[str]:
    return [page.extract_text().strip() for page in pypdf.PdfReader(BytesIO(data)).pages]


def test_pages_follow_in_order_and_the_same_files_give_the_same_bytes() -> None:
    first, found = a_pdf(1, "ours"), followers([a_pdf(2, "holter"), a_pdf(1, "stress")])
    made = joined(first, found)
    assert texts(made) == ["ours 0", "holter 0", "holter 1", "stress 0"]
    assert made == joined(first, found)
    assert joined(first, ()) == first
    assert pypdf.PdfReader(BytesIO(made)).metadata == pypdf.PdfReader(BytesIO(first)).metadata


def test_what_cannot_follow_is_said_and_left_out() -> None:
    whole = a_pdf(1, "good")
    broken = (b"%PDF-1.4 nothing %%EOF", whole[: len(whole) // 2], locked(whole, "secret"), a_pdf(0, "") + b"x" * 9)
    found = followers([*broken, locked(whole, ""), whole])
    assert [one.pages for one in found[-2:]] == [1, 1]  # one that opens without a password follows too
    assert not found[0].follows and not found[2].follows
    assert texts(joined(whole, found))[-2:] == ["good 0", "good 0"]


def test_scripts_and_links_of_the_other_file_stay_behind() -> None:
    made = joined(a_pdf(1, "ours"), followers([a_pdf(1, "theirs", link=True)]))
    assert b"elsewhere.example" not in made
    annotations = pypdf.PdfReader(BytesIO(made)).pages[1]["/Annots"]
    assert len(annotations) == 2  # what they show is still there
    assert all("/A" not in one.get_object() for one in annotations)


def test_there_is_a_limit(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(joining, "MOST_PAGES", 5)
    assert [one.pages for one in followers([a_pdf(3, "a"), a_pdf(3, "b"), a_pdf(2, "c"), a_pdf(6, "d")])] == [
        3,
        0,
        2,
        0,
    ]
    monkeypatch.setattr(joining, "MOST_BYTES", 100)
    assert not any(one.follows for one in followers([a_pdf(1, "a")]))
