"""Colours can be read: every text on every ground it is used on, both themes (WCAG 2.1, 1.4.3 and 1.4.11)."""

from __future__ import annotations

import pytest

from clients.kit.theme import Theme
from clients.kit.tokens import (
    DARK,
    LARGE,
    LIGHT,
    METRICS,
    REGULAR,
    Density,
    Metrics,
    Palette,
    ThemeName,
    Tone,
    contrast,
)

PALETTES = pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])


def test_contrast_of_black_on_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#777777") == pytest.approx(1)


@PALETTES
@pytest.mark.parametrize("ground", ["window", "surface", "raised", "hover", "selected"])
@pytest.mark.parametrize("text", ["text", "text_quiet", "accent"])
def test_text_can_be_read_on_every_ground(palette: Palette, ground: str, text: str) -> None:
    assert contrast(getattr(palette, text), getattr(palette, ground)) >= 4.5


@PALETTES
@pytest.mark.parametrize("tone", list(Tone))
def test_state_words_can_be_read_on_their_ground_and_on_rows(palette: Palette, tone: Tone) -> None:
    colours = palette.tones[tone]
    for ground in (colours.ground, palette.surface, palette.window, palette.selected, palette.hover):
        assert contrast(colours.text, ground) >= 4.5


@PALETTES
@pytest.mark.parametrize("ground", ["accent", "accent_hover", "accent_pressed"])
def test_words_on_the_primary_button_can_be_read(palette: Palette, ground: str) -> None:
    assert contrast(palette.on_accent, getattr(palette, ground)) >= 4.5


@PALETTES
def test_focus_and_control_edges_can_be_seen(palette: Palette) -> None:
    assert contrast(palette.focus, palette.surface) >= 3
    assert contrast(palette.focus, palette.window) >= 3


@PALETTES
def test_text_that_is_disabled_is_fainter_than_quiet_text_but_visible(palette: Palette) -> None:
    disabled = contrast(palette.text_disabled, palette.surface)
    assert 2.5 <= disabled < contrast(palette.text_quiet, palette.surface)


@pytest.mark.parametrize("metrics", [REGULAR, LARGE])
def test_sizes_stand_on_the_grid_and_text_is_never_below_twelve_pixels(metrics: Metrics) -> None:
    for size in (metrics.control, metrics.row, metrics.header, metrics.bar, metrics.rail, metrics.status):
        assert size % metrics.grid == 0
    assert 12 <= metrics.caption < metrics.body < metrics.title < metrics.headline < metrics.display


def test_a_theme_of_the_users_own_size_enlarges_all_of_it() -> None:
    plain, large = Theme(ThemeName.DARK, Density.LARGE), Theme(ThemeName.DARK, Density.LARGE, 1.5)

    assert (large.metrics.control, large.metrics.body, large.px(11)) == (60, 24, 16)
    assert plain.metrics == METRICS[Density.LARGE] and plain.px(11) == 11
