"""The theme in force: turns design tokens into Qt's palette, fonts and style sheet, and answers widgets that paint."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QIcon, QPainter, QPalette
from PySide6.QtWidgets import QApplication

from clients.kit import fonts, icons
from clients.kit.stylesheet import stylesheet
from clients.kit.tokens import METRICS, PALETTES, Density, Metrics, Palette, ThemeName, Tone, ToneColours


@dataclass(frozen=True)
class Theme:
    """A palette and the sizes, with the fonts of the type scale.

    `factor` enlarges all sizes beyond those of the density: the user's own scale, in force at once.
    """

    name: ThemeName
    density: Density
    factor: float = 1.0

    @property
    def colours(self) -> Palette:
        """The colours of the theme."""
        return PALETTES[self.name]

    @property
    def metrics(self) -> Metrics:
        """The sizes of the theme."""
        return _metrics(self.density, self.factor)

    def px(self, size: float) -> int:
        """A size of a widget's own, in device-independent pixels, as large as the user wants it."""
        return round(size * self.factor)

    @property
    def dark(self) -> bool:
        """True for the reading room."""
        return self.name is ThemeName.DARK

    def tone(self, tone: Tone) -> ToneColours:
        """The colours of a state's tone."""
        return self.colours.tones[tone]

    def colour(self, name: str) -> QColor:
        """A colour of the palette by its token name."""
        return QColor(getattr(self.colours, name))

    def font(self, step: str = "body", *, bold: bool = False) -> QFont:
        """A font of the type scale: caption, body, title, headline or display."""
        return fonts.text_font(getattr(self.metrics, step), bold=bold)

    def icon(self, name: str, *, colour: str | None = None, size: int | None = None, on: str | None = None) -> QIcon:
        """A QIcon in the theme's quiet text colour unless `colour` (`#rrggbb`) says otherwise."""
        return icons.make_icon(
            name, size or self.metrics.icon, colour or self.colours.text_quiet, self.colours.text_disabled, on
        )

    def paint_icon(self, painter: QPainter, name: str, area: QRectF, colour: str | None = None) -> None:
        """Draw an icon of the set into `area`."""
        icons.paint_icon(painter, name, area, colour or self.colours.text_quiet)


@lru_cache(maxsize=16)
def _metrics(density: Density, factor: float) -> Metrics:
    return METRICS[density] if factor == 1 else METRICS[density].scaled(factor)


_current = Theme(ThemeName.LIGHT, Density.REGULAR)


def current_theme() -> Theme:
    """The theme in force; widgets ask when they paint and do not keep it."""
    return _current


def prepare_scaling() -> None:
    """Keep fractional screen scales as they are; must be called before the QApplication is made."""
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)


def apply_theme(name: ThemeName, density: Density = Density.REGULAR, factor: float = 1.0) -> Theme:
    """Dress the whole application; widgets get QEvent.StyleChange and paint themselves anew."""
    global _current  # noqa: PLW0603 - one process wears one theme at a time
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        raise RuntimeError("a theme needs a QApplication")
    fonts.load_fonts()
    _current = Theme(name, density, factor)
    if app.style().objectName().lower() != "fusion":
        app.setStyle("Fusion")
    app.setPalette(_qt_palette(_current))
    app.setFont(_current.font())
    app.setStyleSheet(stylesheet(_current.colours, _current.metrics))
    return _current


def is_look_change(event: QEvent) -> bool:
    """True for the event after which a widget must fetch its icons, fonts and colours again."""
    return event.type() == QEvent.Type.StyleChange


def _qt_palette(theme: Theme) -> QPalette:
    role = QPalette.ColorRole
    colours = theme.colours
    wanted = {
        role.Window: colours.window,
        role.WindowText: colours.text,
        role.Base: colours.surface,
        role.AlternateBase: colours.window,
        role.Text: colours.text,
        role.Button: colours.surface,
        role.ButtonText: colours.text,
        role.BrightText: colours.on_accent,
        role.Highlight: colours.accent,
        role.HighlightedText: colours.on_accent,
        role.ToolTipBase: colours.raised,
        role.ToolTipText: colours.text,
        role.PlaceholderText: colours.text_disabled,
        role.Link: colours.accent,
        role.LinkVisited: colours.accent,
        role.Light: colours.raised,
        role.Midlight: colours.hairline,
        role.Mid: colours.hairline,
        role.Dark: colours.border,
        role.Shadow: colours.scrim,
        role.Accent: colours.accent,
    }
    palette = QPalette()
    for target, colour in wanted.items():
        palette.setColor(target, QColor(colour))
    for target in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, target, QColor(colours.text_disabled))
    return palette
