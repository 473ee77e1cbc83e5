"""Faces: every character finds one, the figures are those of the files, rare ideographs included."""

from __future__ import annotations

from shared.paper import faces


def test_rare_ideographs_of_names_are_drawn() -> None:
    names = "欧阳𠮷祥㼆䶮𬭊𪚥𠀀犇淼龘"
    assert faces.missing(names) == ()
    assert faces.printable(names) == names


def test_what_no_face_has_is_told_and_replaced() -> None:
    assert faces.missing("张\U0003fff0三\U0003fff0") == ("\U0003fff0",)
    assert faces.printable("张\U0003fff0三\n") == "张〓三"


def test_a_line_is_cut_into_runs_of_one_face() -> None:
    runs = [(face.name, text) for face, text in faces.runs("张𠮷A", bold=True)]
    assert runs == [("MingjingSC-Bold", "张"), ("MingjingRareHan", "𠮷"), ("MingjingSC-Bold", "A")]
    assert [face.name for face, _ in faces.runs("张A", bold=False)] == ["MingjingSC"]


def test_widths_and_glyphs_are_those_of_an_outside_reader_of_the_file() -> None:
    from reportlab.pdfbase.ttfonts import TTFontFile

    for face in (faces.REGULAR, faces.RARE):
        told = TTFontFile(str(face.path))
        for code in list(told.charToGlyph)[:: max(1, len(told.charToGlyph) // 500)]:
            assert face.glyph(chr(code)) == told.charToGlyph[code]
            assert abs(face.advance(chr(code)) * 1000 - told.charWidths[code]) < 1
