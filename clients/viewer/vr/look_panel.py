"""How the volume looks: templates, transfer curve, light, projection, background."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QColorDialog, QComboBox, QHBoxLayout, QSlider, QToolButton, QVBoxLayout, QWidget

from clients.kit.choosing import Option, SegmentedControl, Switch
from clients.kit.labels import Button, Label, hairline
from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer.vr.curve_editor import CurveEditor
from clients.viewer.vr.naming import ask_name, titled
from clients.viewer.vr.state import Aspect, Template, Templates, VrModel, choices
from clients.viewer.vr.transfer import Blend, Lighting, Look

BACKGROUNDS = ("#000000", "#1c2226", "#10243c", "#b8c0c4", "#ffffff")
_SLIDERS = (
    ("opacity", "不透明度"),
    ("edges", "边缘增强"),
    ("ambient", "环境光"),
    ("diffuse", "漫反射"),
    ("specular", "高光"),
    ("power", "光泽度"),
)
_MIDDLE = 50  # the opacity slider's place where the curve is as it is


class SliderRow(QWidget):
    """A word, a slider from 0 to 100, its value."""

    moved = Signal(int)
    settled = Signal()

    def __init__(self, text: str, name: str) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        label = Label(text, "quiet")
        label.setFixedWidth(current_theme().px(74))
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName(name)
        self.slider.setRange(0, 100)
        self.slider.setAccessibleName(tr(text))
        self._value = Label("", "quiet")
        self._value.setFixedWidth(current_theme().px(30))
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(label)
        row.addWidget(self.slider, 1)
        row.addWidget(self._value)
        self.slider.valueChanged.connect(self._tell)
        self.slider.sliderReleased.connect(self.settled)

    @property
    def is_held(self) -> bool:
        """True while the mouse holds it."""
        return self.slider.isSliderDown()

    def show_value(self, value: int) -> None:
        """Show without telling; what the mouse holds stays."""
        if not self.is_held:
            self.slider.blockSignals(True)
            self.slider.setValue(value)
            self.slider.blockSignals(False)
        self._value.setText(str(self.slider.value()))

    def _tell(self, value: int) -> None:
        self._value.setText(str(value))
        self.moved.emit(value)


class LookPanel(QWidget):
    """Follows the model's look and changes it."""

    touched = Signal()
    """Something was let go: the full quality may come."""

    def __init__(self, templates: Templates) -> None:
        super().__init__()
        self.model: VrModel | None = None
        self.say: Callable[[str], object] = lambda _text: None
        self._templates = templates
        self._opacity_base: Look | None = None
        self._make_controls()
        self._build()
        self._forget.hide()
        self._show_background("")

    def _make_controls(self) -> None:
        self.presets = QComboBox()
        self.presets.setObjectName("vr.presets")
        self.presets.activated.connect(self._on_preset)
        self._forget = Button("删除", "link", on_click=self._remove_template)
        self._keep = Button("存为模板", "link", on_click=self._ask_template)
        self.curve = CurveEditor()
        self.curve.changed.connect(self._on_points)
        self.curve.settled.connect(self.touched)
        self.blend = SegmentedControl([Option("composite", "体绘制"), Option("maximum", "最大密度")])
        self.blend.chosen.connect(self._on_blend)
        self.shade = Switch("光照")
        self.shade.toggled.connect(self._on_shade)
        self.sliders = {key: SliderRow(text, f"vr.{key}") for key, text in _SLIDERS}
        for key, row in self.sliders.items():
            row.moved.connect(functools.partial(self._on_slider, key))
            row.settled.connect(self._on_slider_settled)
        self.grounds: list[QToolButton] = []
        for colour in BACKGROUNDS:
            swatch = QToolButton()
            swatch.setObjectName(f"vr.ground.{colour}")
            swatch.setToolTip(colour)
            swatch.clicked.connect(functools.partial(self.set_background, colour))
            self.grounds.append(swatch)
        self._other_ground = Button("其他…", "link", on_click=self._ask_background)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(titled("模板", self._keep, self._forget))
        column.addWidget(self.presets)
        column.addWidget(Label("自定义曲线", "strong"))
        column.addWidget(self.curve)
        column.addWidget(hairline())
        column.addLayout(titled("渲染参数", self.shade))
        column.addWidget(self.blend)
        for row in self.sliders.values():
            column.addWidget(row)
        grounds = QHBoxLayout()
        grounds.setSpacing(6)
        grounds.addWidget(Label("背景颜色", "quiet"))
        grounds.addStretch(1)
        for swatch in self.grounds:
            grounds.addWidget(swatch)
        grounds.addWidget(self._other_ground)
        column.addLayout(grounds)

    # --- following

    def follow(self, model: VrModel) -> None:
        """Begin: the volume is there."""
        self.model = model
        facts = model.facts
        self.curve.set_volume(facts.histogram, facts.first, facts.last, facts.unit)
        model.changed.connect(self._on_model)
        self._fill()
        self._on_model(Aspect.LOOK)

    def _on_model(self, aspect: Aspect) -> None:
        if self.model is not None and aspect is Aspect.LOOK:
            self._show_look(self.model, self.model.look)

    def _show_look(self, model: VrModel, look: Look) -> None:
        light = look.lighting
        self.curve.show_look(look)
        self.blend.set_current(look.blend.value)
        composite = look.blend is Blend.COMPOSITE
        self.shade.blockSignals(True)
        self.shade.setChecked(light.shade and composite)
        self.shade.blockSignals(False)
        self.shade.setEnabled(composite)
        values = {
            "ambient": light.ambient * 100,
            "diffuse": light.diffuse * 100,
            "specular": light.specular * 100,
            "power": light.power,
            "edges": look.edges * 100,
        }
        for key, value in values.items():
            self.sliders[key].show_value(round(value))
            self.sliders[key].setEnabled(composite and (light.shade or key == "edges"))
        if not self.sliders["opacity"].is_held:
            self._opacity_base = None
            self.sliders["opacity"].show_value(_MIDDLE)
        self.presets.setPlaceholderText(tr("自定义"))
        self.presets.setCurrentIndex(self.presets.findData(model.scene.preset))  # -1: a curve of the reader's
        self._forget.setVisible(model.scene.preset.startswith("own:"))
        self._show_background(look.background)

    def _fill(self) -> None:
        if self.model is None:
            return
        self.presets.clear()
        for key, text, is_source in choices(self.model.facts, self._templates):
            self.presets.addItem(tr(text) if is_source else text, key)
        self.presets.setCurrentIndex(self.presets.findData(self.model.scene.preset))

    def _show_background(self, current: str) -> None:
        colours = current_theme().colours
        for colour, swatch in zip(BACKGROUNDS, self.grounds, strict=True):
            edge = colours.accent if colour == current else colours.border
            swatch.setStyleSheet(
                f"QToolButton {{ background: {colour}; border: {2 if colour == current else 1}px solid {edge};"
                " border-radius: 3px; min-width: 18px; max-width: 18px; min-height: 18px; max-height: 18px; }"
            )

    # --- the reader's wishes

    def _on_preset(self, index: int) -> None:
        key = str(self.presets.itemData(index) or "")
        if self.model is None or not key:
            return
        if key.startswith("own:"):
            for template in self._templates.all(self.model.facts.unit):
                if template.name == key[4:]:
                    self.model.apply_template(template.name, template.look)
        else:
            self.model.apply_preset(key)
        self.touched.emit()

    def _on_points(self, points: object) -> None:
        if self.model is not None and isinstance(points, tuple):
            self.model.set_points(points)

    def _on_blend(self, key: str) -> None:
        if self.model is not None:
            self.model.look = replace(self.model.look, blend=Blend(key))
            self.touched.emit()

    def _on_shade(self, on: bool) -> None:
        if self.model is not None:
            self.model.set_lighting(replace(self.model.look.lighting, shade=on))
            self.touched.emit()

    def _on_slider(self, key: str, value: int) -> None:
        model = self.model
        if model is None:
            return
        if key == "edges":
            model.look = replace(model.look, edges=value / 100)
        elif key == "opacity":
            self._scale_opacity(model, value)
        else:
            model.set_lighting(_lit(model.look.lighting, key, value))
        if not self.sliders[key].is_held:
            self.touched.emit()

    def _scale_opacity(self, model: VrModel, value: int) -> None:
        """The whole curve lower or higher, up to four times; the middle is as it was when the slider was taken."""
        base = self._opacity_base or model.look
        factor = 4.0 ** ((value - _MIDDLE) / _MIDDLE)
        self._opacity_base = base if self.sliders["opacity"].is_held else None
        points = tuple(point._replace(opacity=min(1.0, point.opacity * factor)) for point in base.points)
        model.look = replace(model.look, points=points)

    def _on_slider_settled(self) -> None:
        self._opacity_base = None
        if self.model is not None:
            self._show_look(self.model, self.model.look)
        self.touched.emit()

    def set_background(self, colour: str) -> None:
        """``#rrggbb`` behind the volume (VW-VR-06)."""
        if self.model is not None:
            self.model.set_background(colour)
            self.touched.emit()

    def _ask_background(self) -> None:
        if self.model is None:
            return
        dialog = QColorDialog(QColor(self.model.look.background), self)
        dialog.setWindowTitle(tr("背景颜色"))
        dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.colorSelected.connect(self._take_background)
        dialog.open()

    def _take_background(self, colour: QColor) -> None:
        self.set_background(colour.name())

    # --- templates

    def _ask_template(self) -> None:
        ask_name(self, tr("存为模板"), tr("模板名称"), "", self.save_template)

    def save_template(self, name: str) -> None:
        """Keep the present look under a name."""
        if self.model is not None and name:
            self._templates.save(Template(name, self.model.facts.unit, self.model.look))
            self.model.apply_template(name, self.model.look)
            self._fill()
            self.say(tr("模板已保存：{name}", name=name))

    def _remove_template(self) -> None:
        if self.model is not None and self.model.scene.preset.startswith("own:"):
            self._templates.remove(self.model.scene.preset[4:], self.model.facts.unit)
            self._fill()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._fill()
        super().changeEvent(event)


def _lit(light: Lighting, key: str, value: int) -> Lighting:
    """One term of the lighting changed; ``value`` is the slider's."""
    if key == "ambient":
        return replace(light, ambient=value / 100)
    if key == "diffuse":
        return replace(light, diffuse=value / 100)
    if key == "specular":
        return replace(light, specular=value / 100)
    return replace(light, power=float(max(1, value)))
