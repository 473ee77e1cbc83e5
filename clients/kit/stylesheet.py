"""The style sheet of the suite, written from the design tokens; the only place where Qt style syntax stands.

Widgets choose among prepared looks with the dynamic property `look`: buttons `primary`, `quiet`, `danger`, `link`;
labels `caption`, `title`, `headline`, `quiet`, `error`; frames `hairline`, `surface`, `raised`, `bar`.
"""

from __future__ import annotations

from pathlib import Path
from string import Template

from clients.kit.tokens import PALETTES, Metrics, Palette, Tone

_SHEET = Template("""
* { outline: none; }
QWidget { color: $text; }
QMainWindow, QDialog, QWidget[look="window"] { background: $window; }
QWidget[look="surface"] { background: $surface; }
QWidget[look="raised"] { background: $raised; }
QWidget[look="bar"] { background: $surface; border-bottom: 1px solid $hairline; }
QWidget[look="rail"] { background: $surface; border-right: 1px solid $hairline; }
QWidget[look="panel"] { background: $surface; border-left: 1px solid $hairline; }
QWidget[look="status"] { background: $window; border-top: 1px solid $hairline; }
QFrame[look="hairline"] { background: $hairline; border: none; min-height: 1px; max-height: 1px; }
QFrame[look="vertical"] { background: $hairline; border: none; min-width: 1px; max-width: 1px; }
QFrame[look="card"] { background: $surface; border: 1px solid $hairline; border-radius: ${radius}px; }

QLabel { background: transparent; }
QLabel[look="caption"] { color: $text_quiet; font-size: ${caption}px; }
QLabel[look="quiet"] { color: $text_quiet; }
QLabel[look="strong"] { font-weight: bold; }
QLabel[look="title"] { font-size: ${title}px; font-weight: bold; }
QLabel[look="headline"] { font-size: ${headline}px; font-weight: bold; }
QLabel[look="display"] { font-size: ${display}px; font-weight: bold; }
QLabel[look="error"] { color: $danger; font-size: ${caption}px; }
QLabel:disabled { color: $text_disabled; }

QPushButton { background: $surface; border: 1px solid $border; border-radius: ${radius}px;
  padding: 0 12px; min-height: ${control_inner}px; max-height: ${control_inner}px; }
QPushButton:hover { background: $hover; }
QPushButton:pressed { background: $selected; }
QPushButton:focus { border: 1px solid $focus; }
QPushButton:checked { background: $selected; color: $accent; border-color: $accent; }
QPushButton:disabled { color: $text_disabled; border-color: $hairline; background: transparent; }
QPushButton:checked:disabled { color: $text; border-color: $text_quiet; background: $selected; }
QPushButton[look="primary"] { background: $accent; color: $on_accent; border-color: $accent; font-weight: bold; }
QPushButton[look="primary"]:hover { background: $accent_hover; border-color: $accent_hover; }
QPushButton[look="primary"]:pressed { background: $accent_pressed; }
QPushButton[look="primary"]:focus { border-color: $text; }
QPushButton[look="primary"]:disabled { background: $hairline; border-color: $hairline; color: $text_disabled; }
QPushButton[look="danger"] { color: $danger; border-color: $danger; background: $surface; }
QPushButton[look="danger"]:hover { background: $danger_ground; }
QPushButton[look="danger"]:disabled { color: $text_disabled; border-color: $hairline; }
QPushButton[look="quiet"] { background: transparent; border-color: transparent; padding: 0 8px; }
QPushButton[look="quiet"]:hover { background: $hover; }
QPushButton[look="quiet"]:pressed { background: $selected; }
QPushButton[look="quiet"]:focus { border-color: $focus; }
QPushButton[look="link"] { background: transparent; border: none; color: $accent; padding: 0 4px; }
QPushButton[look="link"]:disabled { color: $text_disabled; background: transparent; }
QPushButton[look="link"]:hover, QPushButton[look="link"]:focus { text-decoration: underline; }

QToolButton { background: transparent; border: 1px solid transparent; border-radius: ${radius}px;
  min-width: ${control_inner}px; min-height: ${control_inner}px; max-height: ${control_inner}px; padding: 0; }
QToolButton[ground="surface"] { background: $surface; }
QToolButton[ground="surface"]:hover { background: $hover; }
QToolButton[square="true"] { max-width: ${control_inner}px; }
QToolButton[wide="true"] { padding: 0 8px; }
QToolButton:hover { background: $hover; }
QToolButton:pressed, QToolButton:checked { background: $selected; }
QToolButton:checked { color: $accent; }
QToolButton:focus { border-color: $focus; }
QToolButton:disabled { color: $text_disabled; }
QToolButton::menu-indicator { image: none; }
QToolButton[tool="true"] { min-width: 0; min-height: 0; max-height: 200px; padding: 2px 0; font-size: ${caption}px; }
QMenuBar { background: $surface; border-bottom: 1px solid $hairline; }
QMenuBar::item { background: transparent; padding: 5px 9px; }
QMenuBar::item:selected { background: $hover; }
QMenuBar::item:pressed { background: $selected; }
QToolButton[small="true"] { min-width: ${small}px; max-width: ${small}px; min-height: ${small}px;
  max-height: ${small}px; }

QLineEdit, QAbstractSpinBox, QComboBox, QPlainTextEdit, QTextEdit { background: $surface; border: 1px solid $border;
  border-radius: ${radius}px; selection-background-color: $accent; selection-color: $on_accent; }
QLineEdit { padding: 0 6px; lineedit-password-character: 42; }
QAbstractSpinBox, QComboBox { padding: 0 8px; }
QLineEdit, QAbstractSpinBox, QComboBox { min-height: ${control_inner}px;
  max-height: ${control_inner}px; }
QPlainTextEdit, QTextEdit { padding: 3px 4px; }
QLineEdit:hover, QAbstractSpinBox:hover, QComboBox:hover { border-color: $text_disabled; }
QLineEdit:focus, QAbstractSpinBox:focus, QComboBox:focus, QPlainTextEdit:focus, QTextEdit:focus {
  border: 1px solid $focus; }
QLineEdit:read-only, QPlainTextEdit:read-only { background: transparent; border-color: $hairline; }
QLineEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled, QPlainTextEdit:disabled { color: $text_disabled;
  background: transparent; border-color: $hairline; }
QLineEdit[wrong="true"], QAbstractSpinBox[wrong="true"], QComboBox[wrong="true"], QPlainTextEdit[wrong="true"] {
  border: 1px solid $danger; }
QAbstractSpinBox { padding-right: 0; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { subcontrol-position: center left; width: 6px; height: 1px;
  border: none; }
QDateEdit::drop-down, QDateTimeEdit::drop-down { width: 0; border: none; }
QComboBox[readonly="true"] { background: transparent; border-color: $hairline; }
QComboBox::drop-down { border: none; width: 24px; }
QComboBox::down-arrow { image: url("$chevron"); width: 14px; height: 14px; }
QComboBox[readonly="true"]::down-arrow { image: none; }
QComboBox QLineEdit, QAbstractSpinBox QLineEdit { border: none; padding: 0; min-height: 0; background: transparent; }
QAbstractItemView { background: $surface; border: 1px solid $hairline; selection-background-color: $selected;
  selection-color: $text; alternate-background-color: $surface; }
QListWidget::item { padding: 4px 8px; border-radius: ${radius}px; }
QListWidget::item:hover { background: $hover; }
QListWidget::item:selected { background: $selected; color: $text; }
QComboBox QAbstractItemView { background: $raised; }
QComboBox QAbstractItemView::item { min-height: ${option}px; padding: 0 8px; color: $text; }
QComboBox QAbstractItemView::item:hover, QComboBox QAbstractItemView::item:selected { background: $selected;
  color: $text; }

QTreeView { show-decoration-selected: 1; }
QTreeView::item { min-height: 24px; padding: 0 4px; }
QTreeView::item:hover { background: $hover; }
QTreeView::item:selected { background: $selected; color: $text; }
QTreeView::indicator, QTableView::indicator { width: 13px; height: 13px; border: 1px solid $text_quiet;
  border-radius: 3px; background: $surface; }
QTreeView::indicator:checked, QTableView::indicator:checked { background: $accent; border-color: $accent;
  image: url("$tick"); }

QTableView { border: none; gridline-color: transparent; }
QHeaderView { background: $surface; border: none; }
QHeaderView::section { background: $surface; color: $text_quiet; font-size: ${caption}px; border: none;
  border-bottom: 1px solid $hairline; padding: 0 8px; height: ${header}px; }
QHeaderView::section:hover { background: $hover; }
QHeaderView::up-arrow, QHeaderView::down-arrow { image: none; width: 0; height: 0; }
QTableCornerButton::section { background: $surface; border: none; }

QScrollBar:vertical { background: transparent; width: 12px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 0; }
QScrollBar::handle { background: $scroll; border-radius: 3px; margin: 3px; }
QScrollBar::handle:vertical { min-height: 32px; }
QScrollBar::handle:horizontal { min-width: 32px; }
QScrollBar::handle:hover { background: $text_disabled; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QAbstractScrollArea::corner { background: transparent; border: none; }
QScrollArea { border: none; background: transparent; }
QScrollArea > QWidget > QWidget { background: transparent; }

QMenu { background: $raised; border: 1px solid $hairline; padding: 4px; }
QMenu::item { min-height: 28px; padding: 0 24px 0 12px; border-radius: ${radius}px; }
QMenu::item:selected { background: $selected; }
QMenu::item:disabled { color: $text_disabled; }
QMenu::separator { height: 1px; background: $hairline; margin: 4px 8px; }
QMenu::icon { padding-left: 8px; }
QToolTip { background: $raised; color: $text; border: 1px solid $border; padding: 4px 8px; font-size: ${caption}px; }

QTabBar { background: transparent; }
QTabBar::tab { background: transparent; color: $text_quiet; padding: 0 16px; height: ${control}px; border: none;
  border-bottom: 2px solid transparent; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected { color: $accent; border-bottom-color: $accent; font-weight: bold; }
QTabWidget::pane { border: none; border-top: 1px solid $hairline; }
QSplitter::handle { background: $hairline; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }
QProgressBar { background: $hairline; border: none; border-radius: 2px; max-height: 4px; min-height: 4px; }
QProgressBar::chunk { background: $accent; border-radius: 2px; }
QCalendarWidget QAbstractItemView { selection-background-color: $accent; selection-color: $on_accent; }
QCalendarWidget QWidget#qt_calendar_navigationbar { background: $surface; border-bottom: 1px solid $hairline; }
QCalendarWidget QToolButton { min-width: 24px; padding: 0 4px; color: $text; }
QCheckBox, QRadioButton { spacing: 8px; background: transparent; min-height: 20px; }
QCheckBox::indicator, QListView::indicator { width: 13px; height: 13px; border: 1px solid $text_quiet;
  border-radius: 3px; background: $surface; }
QCheckBox::indicator:checked, QListView::indicator:checked { background: $accent; border-color: $accent;
  image: url("$tick"); }
QCheckBox::indicator:disabled { border-color: $hairline; background: transparent; }
""")


def _drawing(drawing: str, colours: Palette) -> str:
    """A small drawing in the colours of the theme: a style sheet takes pictures only from files."""
    name = next(name for name, palette in PALETTES.items() if palette is colours)
    return (Path(__file__).parent / f"{drawing}_{name.value}.svg").as_posix()


def stylesheet(colours: Palette, metrics: Metrics) -> str:
    """The style sheet for these colours and sizes."""
    danger = colours.tones[Tone.DANGER]
    plain = {name: value for name, value in vars(colours).items() if isinstance(value, str)}
    return _SHEET.substitute(
        plain,
        chevron=_drawing("chevron", colours),
        tick=_drawing("tick", colours),
        danger=danger.text,
        danger_ground=danger.ground,
        scroll=colours.border,
        radius=metrics.radius,
        caption=metrics.caption,
        title=metrics.title,
        headline=metrics.headline,
        display=metrics.display,
        control=metrics.control,
        option=metrics.control - 4,
        control_inner=metrics.control - 2,
        header=metrics.header,
        small=metrics.control - 8,
    )
