"""The volume page as a model: the scene, what can be undone, templates, histogram. No Qt, no VTK."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from clients.viewer.evented import Event
from clients.viewer.undo import Step, UndoStack
from clients.viewer.vr.camera import Camera, camera_of_volume, fitted
from clients.viewer.vr.presets import PRESETS, first_preset, presets_for
from clients.viewer.vr.scene import MOST_CUTS, Box, Cut, Scene, Shape, box_around
from clients.viewer.vr.transfer import Lighting, Look, NotALook, Point, look_from_json, look_to_json, sorted_points
from shared.imaging.geometry import PointMm

if TYPE_CHECKING:
    from clients.viewer.vr.grid import Grid
    from clients.viewer.vr.probe import Settings

BINS = 256
TEMPLATES = "viewer/vr/templates"
MOST_TEMPLATES = 100


class Aspect(StrEnum):
    """What changed."""

    CAMERA = "camera"
    LOOK = "look"
    SHAPE = "shape"


@dataclass(frozen=True, slots=True)
class VolumeFacts:
    """What the page must know of a volume, without its voxels."""

    corners: tuple[PointMm, ...]
    unit: str
    modality_code: str
    low: float  # robust range, see `Grid.value_range`
    high: float
    first: float  # ends of the histogram
    last: float
    histogram: tuple[float, ...]  # shares of the highest bin, BINS values
    notes: tuple[str, ...] = ()

    @property
    def has_bed(self) -> bool:
        """True where a table can be told from a patient."""
        return self.unit == "HU"


def facts_of(grid: Grid, modality_code: str = "") -> VolumeFacts:
    """Facts of a grid; 30 ms, for a worker thread."""
    import numpy as np

    sample = grid.sample()
    low, high = (float(v) for v in np.percentile(sample, (1.0, 99.5)))
    first, last = (float(v) for v in np.percentile(sample, (0.02, 99.98)))
    if last - first < 1e-6:
        first, last = first - 1, last + 1
    counts, _ = np.histogram(sample, BINS, (first, last))
    heights: Any = np.log1p(counts)  # air would hide everything else
    heights = heights / max(float(heights.max()), 1e-9)
    return VolumeFacts(
        corners=tuple(grid.corners),
        unit=grid.unit,
        modality_code=modality_code,
        low=low,
        high=high,
        first=first,
        last=last,
        histogram=tuple(float(h) for h in heights),
        notes=tuple(note.value for note in grid.notes),
    )


class VrModel:
    """One reader's work on one volume."""

    def __init__(self, facts: VolumeFacts) -> None:
        self.changed: Event[[Aspect]] = Event()
        self.facts = facts
        self.undo = UndoStack()
        preset = first_preset(facts.unit, facts.modality_code)
        self._aspect = 1.0
        self._scene = Scene(camera_of_volume(facts.corners), preset.fitted(facts.low, facts.high), Shape(), preset.key)
        self._before_drag: Shape | None = None

    @property
    def scene(self) -> Scene:
        return self._scene

    def show_saved(self, scene: Scene) -> None:
        """Show a saved view; one step to undo."""
        self._step("视角", scene)

    @property
    def whole(self) -> Box:
        """The box around the whole volume."""
        return box_around(self.facts.corners)

    @property
    def is_original(self) -> bool:
        """True when nothing is cut away."""
        return self._scene.shape == Shape()

    # --- camera

    @property
    def camera(self) -> Camera:
        return self._scene.camera

    @camera.setter
    def camera(self, camera: Camera) -> None:
        if camera != self._scene.camera:
            self._put(self._scene.with_camera(camera), Aspect.CAMERA)

    def set_aspect(self, aspect: float) -> None:
        """Width / height of the picture; the first one fits the volume into it."""
        first, self._aspect = self._aspect == 1.0 and aspect != 1.0, aspect
        if first:
            self.camera = fitted(self.camera, self.facts.corners, aspect)

    def look_from(self, side: str) -> None:
        """The whole volume from a side of the patient: A P L R H F."""
        self.camera = fitted(self.camera.turned_to(side), self.facts.corners, self._aspect)

    # --- look

    @property
    def look(self) -> Look:
        return self._scene.look

    @look.setter
    def look(self, look: Look) -> None:
        if look != self._scene.look:
            self._put(self._scene.with_look(look), Aspect.LOOK)

    def apply_preset(self, key: str) -> None:
        """A template of ours; the background stays. ``KeyError`` for an unknown one."""
        look = PRESETS[key].fitted(self.facts.low, self.facts.high)
        self._put(self._scene.with_look(replace(look, background=self.look.background), key), Aspect.LOOK)

    def apply_template(self, name: str, look: Look) -> None:
        """A template of the reader's."""
        self._put(self._scene.with_look(look, f"own:{name}"), Aspect.LOOK)

    def set_background(self, colour: str) -> None:
        """``#rrggbb``; the template stays chosen."""
        scene = self._scene
        self._put(scene.with_look(replace(scene.look, background=colour), scene.preset), Aspect.LOOK)

    def set_points(self, points: Sequence[Point]) -> None:
        """Another transfer curve; fewer than two or too many points change nothing."""
        try:
            self.look = replace(self.look, points=sorted_points(list(points)))
        except NotALook:
            return

    def set_lighting(self, lighting: Lighting) -> None:
        self.look = replace(self.look, lighting=lighting)

    # --- shape

    def drag_box(self, box: Box) -> None:
        """A face follows the mouse; :meth:`settle_box` ends that."""
        if self._before_drag is None:
            self._before_drag = self._scene.shape
        self._put(self._scene.with_shape(replace(self._scene.shape, box=box)), Aspect.SHAPE)

    def settle_box(self) -> None:
        """The face was let go: one step to undo."""
        before, self._before_drag = self._before_drag, None
        after = self._scene.shape
        if before is not None and before != after:
            self._scene = self._scene.with_shape(before)
            self._shape_step("框选裁剪", after)

    def add_cut(self, cut: Cut) -> bool:
        """A free-hand cut; False when there are too many."""
        if len(self._scene.shape.cuts) >= MOST_CUTS:
            return False
        self._shape_step("画笔裁剪", replace(self._scene.shape, cuts=(*self._scene.shape.cuts, cut)))
        return True

    def remove_bed(self) -> None:
        """Take the table away, or give it back."""
        shape = self._scene.shape
        self._shape_step("一键去床", replace(shape, bed_removed=not shape.bed_removed))

    def reset(self) -> None:
        """Everything as at the beginning: crops, cuts, bed, look and view (VW-VR-10); one step to undo."""
        preset = first_preset(self.facts.unit, self.facts.modality_code)
        camera = camera_of_volume(self.facts.corners, "A", self._aspect)
        self._step("重置", Scene(camera, preset.fitted(self.facts.low, self.facts.high), Shape(), preset.key))

    # --- inside

    def _shape_step(self, name: str, shape: Shape) -> None:
        before = self._scene.shape
        self.undo.run(Step(name, lambda: self._show_shape(shape), lambda: self._show_shape(before)))

    def _show_shape(self, shape: Shape) -> None:
        self._put(self._scene.with_shape(shape), Aspect.SHAPE)

    def _step(self, name: str, scene: Scene) -> None:
        before = self._scene
        self.undo.run(Step(name, lambda: self._show(scene), lambda: self._show(before)))

    def _show(self, scene: Scene) -> None:
        self._scene = scene
        for aspect in Aspect:
            self.changed.emit(aspect)

    def _put(self, scene: Scene, aspect: Aspect) -> None:
        self._scene = scene
        self.changed.emit(aspect)


@dataclass(frozen=True, slots=True)
class Template:
    """A look that the reader saved; ``unit`` says for which volumes it means something."""

    name: str
    unit: str
    look: Look


class Templates:
    """The reader's templates in the settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def all(self, unit: str) -> tuple[Template, ...]:
        """Templates for volumes of this unit, in the order of saving; what cannot be read is left out."""
        kept = self._settings.get(TEMPLATES, [])
        found = []
        for entry in kept if isinstance(kept, list) else []:
            try:
                found.append(Template(str(entry["name"]), str(entry["unit"]), look_from_json(entry["look"])))
            except (KeyError, TypeError, ValueError):
                continue
        return tuple(template for template in found if template.unit == unit)

    def save(self, template: Template) -> None:
        """Add, or replace the one of the same name and unit."""
        entry = {"name": template.name, "unit": template.unit, "look": look_to_json(template.look)}
        self._settings.set(TEMPLATES, [*self._others(template.name, template.unit), entry][-MOST_TEMPLATES:])

    def remove(self, name: str, unit: str) -> None:
        """Forget a template."""
        self._settings.set(TEMPLATES, self._others(name, unit))

    def _others(self, name: str, unit: str) -> list[Any]:
        kept = self._settings.get(TEMPLATES, [])
        entries = kept if isinstance(kept, list) else []
        return [e for e in entries if not (isinstance(e, dict) and e.get("name") == name and e.get("unit") == unit)]


def choices(facts: VolumeFacts, templates: Templates) -> tuple[tuple[str, str, bool], ...]:
    """Key, text and "is Chinese source text" of everything the reader can choose for a volume."""
    ours = tuple((preset.key, preset.label, True) for preset in presets_for(facts.unit))
    return ours + tuple((f"own:{t.name}", t.name, False) for t in templates.all(facts.unit))
