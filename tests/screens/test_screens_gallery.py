"""The gallery renders, its colours stand where they should, and a reviewer finds nothing cut or squeezed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from clients.kit import gallery
from clients.kit.app import Workstation, make_application
from clients.kit.badges import StateBadge
from clients.kit.connection import FakeConnection
from clients.kit.labels import Button
from clients.kit.login import SignedIn
from clients.kit.review import review
from clients.kit.settings import UserSettings
from clients.kit.states import EXAM_LOOKS, REPORT_LOOKS, TICKET_LOOKS
from clients.kit.theme import apply_theme, current_theme
from clients.kit.tokens import Density, ThemeName, contrast
from clients.kit.translations import Language, set_language


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    return make_application()


@pytest.fixture(autouse=True)
def prepared(qapp: QApplication) -> Iterator[None]:
    gallery._prepare()
    yield
    apply_theme(ThemeName.LIGHT)
    set_language(Language.CHINESE)


LOOKS = pytest.mark.parametrize(("theme", "language"), list(gallery.looks()), ids=str)


@LOOKS
@pytest.mark.parametrize("name", list(gallery.SHEETS))
def test_nothing_on_a_sheet_is_cut_or_squeezed(qtbot: QtBot, name: str, theme: ThemeName, language: Language) -> None:
    apply_theme(theme)
    set_language(language)
    sheet = gallery.SHEETS[name]()
    qtbot.addWidget(sheet)
    sheet.show()
    gallery.settle()
    sheet.resize(sheet.width(), max(sheet.height(), sheet.sizeHint().height()))
    gallery.settle()
    assert [str(finding) for finding in review(sheet)] == []


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize(
    ("width", "height", "density"),
    [(1024, 640, Density.REGULAR), (1366, 768, Density.REGULAR), (1920, 1080, Density.LARGE)],
)
def test_nothing_on_a_page_is_cut_or_squeezed(
    qtbot: QtBot, width: int, height: int, density: Density, language: Language
) -> None:
    settings = UserSettings.for_user("zhang")
    settings.set("density", density.value)
    settings.set("language", language.value)
    line = FakeConnection(accounts={"zhang": "x"})
    window = Workstation("登记工作站", gallery.PAGES, lambda _server: line)
    qtbot.addWidget(window)
    window.resize(width, height)
    shell = window.sign_in_with(SignedIn(line, line.login("zhang", "x")))
    window.show()
    for page in ("registration", "management"):
        shell.go_to(page)
        gallery.settle()
        assert [str(finding) for finding in review(window)] == []


def test_the_review_finds_what_is_wrong(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(200, 100)
    label = QLabel("a long sentence that does not fit", window)
    label.setGeometry(0, 0, 50, 20)
    button = Button("登录")
    button.setParent(window)
    button.setGeometry(180, 80, 60, 32)
    window.show()
    found = [finding.what for finding in review(window)]
    assert "words cut" in found and "outside its parent" in found


def picture(qtbot: QtBot, widget: QWidget) -> QImage:
    qtbot.addWidget(widget)
    widget.show()
    gallery.settle()
    return widget.grab().toImage()


@pytest.mark.parametrize("theme", list(ThemeName))
def test_the_primary_button_is_the_accent_colour(qtbot: QtBot, theme: ThemeName) -> None:
    apply_theme(theme)
    button = Button("登录", "primary")
    image = picture(qtbot, button)
    assert image.pixelColor(6, image.height() // 2) == QColor(current_theme().colours.accent)


@pytest.mark.parametrize("theme", list(ThemeName))
@pytest.mark.parametrize("looks", [EXAM_LOOKS, TICKET_LOOKS, REPORT_LOOKS], ids=["exam", "ticket", "report"])
def test_badges_carry_colour_and_glyph_and_word(qtbot: QtBot, theme: ThemeName, looks: dict) -> None:  # type: ignore[type-arg]
    apply_theme(theme)
    for look in looks.values():
        image = picture(qtbot, StateBadge(look))
        tone = current_theme().tone(look.tone)
        ground = image.pixelColor(image.width() - 3, image.height() // 2)
        assert ground == QColor(tone.ground)
        assert strongest(image, 6, 22) >= 3  # the glyph
        assert strongest(image, 24, image.width() - 4) >= 3  # the word


def strongest(image: QImage, left: int, right: int) -> float:
    """Highest contrast to the ground among the pixels of a part of the picture."""
    ground = image.pixelColor(image.width() - 3, image.height() // 2).name()
    return max(
        contrast(ground, image.pixelColor(x, y).name()) for x in range(left, right) for y in range(image.height())
    )


def test_figures_have_equal_widths(qtbot: QtBot) -> None:
    from PySide6.QtGui import QFontMetricsF

    for bold in (False, True):
        metrics = QFontMetricsF(current_theme().font(bold=bold))
        assert len({metrics.horizontalAdvance(figure) for figure in "0123456789"}) == 1


def test_the_command_writes_pictures_and_an_index(tmp_path: Path) -> None:
    assert gallery.main(["--out", str(tmp_path), "--only", "states"]) == 0
    names = sorted(path.name for path in tmp_path.iterdir())
    assert "index.html" in names
    assert [n for n in names if n.startswith("states-")] == [
        "states-dark-en.png",
        "states-dark-zh.png",
        "states-light-en.png",
        "states-light-zh.png",
    ]
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "states-dark-en.png" in page


@pytest.mark.slow
def test_the_whole_gallery_renders_on_every_screen(tmp_path: Path) -> None:
    assert gallery.main(["--out", str(tmp_path)]) == 0
    for width, height, scale in gallery.SCREENS:
        path = tmp_path / f"page-registration-light-zh-{width}x{height}@{scale:g}.png"
        image = QImage(str(path))
        assert (image.width(), image.height()) == (width * scale, height * scale)
