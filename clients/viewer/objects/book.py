"""What lies over images: loaded segmentations, structures, doses and presentation states, and what is on. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from clients.viewer.evented import Event
from clients.viewer.objects.registry import Kind, kind_of
from clients.viewer.study import FrameKey, ObjectDescription, Stack
from shared.imaging.geometry import Plane
from shared.imaging.presentation import PresentationState
from shared.imaging.radiotherapy import StructureSet
from shared.imaging.segmentation import Segmentation

if TYPE_CHECKING:
    from shared.imaging.frames import Part10
    from shared.imaging.volume import Volume


class ObjectSource(Protocol):
    """A source that hands out whole objects; for any thread."""

    def object(self, sop_instance_uid: str) -> Part10:
        """Raises ``SourceFailed``."""


@dataclass(frozen=True, slots=True)
class Dose:
    """A dose grid ready to be cut: a volume in Gy (or relative), and the dose that counts as 100 %."""

    sop_instance_uid: str
    volume: Volume
    unit: str
    summation: str
    reference: float
    highest: float
    frame_of_reference_uid: str
    reference_is_planned: bool = False  # from a plan; otherwise the highest dose


Content = Segmentation | StructureSet | Dose | PresentationState


@dataclass(slots=True)
class Loaded:
    """One object over images: its content and what of it is shown."""

    described: ObjectDescription
    content: Content
    shown: bool = True
    hidden_parts: set[int] = field(default_factory=set)  # segment or structure numbers that are off


class ObjectBook:
    """Objects over images of one reader; ``changed`` after every change that must be painted."""

    def __init__(self) -> None:
        self.changed: Event[[]] = Event()
        self._loaded: dict[str, Loaded] = {}
        self._opacity = 0.4
        self._filled = True
        self._shutters = True
        self._overlays = True
        self._state: dict[str, str] = {}  # study UID → UID of the presentation state in force

    # --- what is loaded

    @property
    def loaded(self) -> tuple[Loaded, ...]:
        return tuple(self._loaded.values())

    def get(self, uid: str) -> Loaded | None:
        return self._loaded.get(uid)

    def add(self, described: ObjectDescription, content: Content) -> None:
        """Show an object from now on; a presentation state replaces the one before it in its study."""
        self._loaded[described.sop_instance_uid] = Loaded(described, content)
        if isinstance(content, PresentationState):
            self._state[described.study_uid] = described.sop_instance_uid
        self.changed.emit()

    def set_shown(self, uid: str, shown: bool) -> None:
        """Switch an object on or off; of presentation states only one of a study is on."""
        one = self._loaded.get(uid)
        if one is None:
            return
        one.shown = shown
        if isinstance(one.content, PresentationState):
            study = one.described.study_uid
            if shown:
                self._state[study] = uid
            elif self._state.get(study) == uid:
                del self._state[study]
        self.changed.emit()

    def set_part(self, uid: str, number: int, shown: bool) -> None:
        """Switch a segment or structure on or off."""
        one = self._loaded.get(uid)
        if one is not None:
            (one.hidden_parts.discard if shown else one.hidden_parts.add)(number)
            self.changed.emit()

    def clear(self) -> None:
        """The studies were closed."""
        self._loaded.clear()
        self._state.clear()
        self.changed.emit()

    # --- how it is shown

    @property
    def opacity(self) -> float:
        """Of filled areas, 0 to 1."""
        return self._opacity

    @opacity.setter
    def opacity(self, value: float) -> None:
        self._opacity = min(max(value, 0.0), 1.0)
        self.changed.emit()

    @property
    def filled(self) -> bool:
        """Segments as areas; otherwise as outlines only."""
        return self._filled

    @filled.setter
    def filled(self, value: bool) -> None:
        self._filled = value
        self.changed.emit()

    @property
    def shutters(self) -> bool:
        """Cover what a display shutter covers."""
        return self._shutters

    @shutters.setter
    def shutters(self, value: bool) -> None:
        self._shutters = value
        self.changed.emit()

    @property
    def overlays(self) -> bool:
        """Show overlay planes of the images."""
        return self._overlays

    @overlays.setter
    def overlays(self, value: bool) -> None:
        self._overlays = value
        self.changed.emit()

    # --- what belongs to an image

    def state_for(self, stack: Stack, key: FrameKey) -> PresentationState | None:
        """The presentation state in force for an image; None where none names it."""
        uid = self._state.get(stack.study.study_uid)
        one = self._loaded.get(uid) if uid is not None else None
        if one is None or not isinstance(one.content, PresentationState):
            return None
        state = one.content
        return state if state.images.holds(plain_uid(key.sop_instance_uid), key.frame) else None

    def over(self, stack: Stack) -> list[Loaded]:
        """Segmentations, structures and doses that may lie on a stack: they name its images or share its space."""
        space = stack.series.frame_of_reference_uid
        first = plain_uid(stack.frames[0].sop_instance_uid)
        found = []
        for one in self._loaded.values():
            if not one.shown:
                continue
            content = one.content
            if isinstance(content, Segmentation):
                fits = (space != "" and content.frame_of_reference_uid == space) or any(
                    content.names_image(plain_uid(key.sop_instance_uid)) for key in (stack.frames[0], stack.frames[-1])
                )
            elif isinstance(content, StructureSet):
                fits = space in content.frames_of_reference or content.names_image(first)
            elif isinstance(content, Dose):
                fits = space != "" and content.frame_of_reference_uid == space
            else:
                fits = False
            if fits:
                found.append(one)
        return found


def plain_uid(uid: str) -> str:
    """The SOP Instance UID of a key; a second file with the same UID carries a number after it."""
    return uid.partition("#")[0]


def read_object(source: ObjectSource, described: ObjectDescription, plans: Sequence[ObjectDescription] = ()) -> Content:
    """Fetch and read an object that goes over images; ``plans`` tell what 100 % of a dose is. For a worker thread.

    Raises ``SourceFailed``, ``UndecodableFrame``, ``UnreadableFile`` or ValueError with a sentence.
    """
    from shared.imaging.frames import careful_reading
    from shared.imaging.presentation import presentation_state
    from shared.imaging.radiotherapy import structure_set
    from shared.imaging.segmentation import segmentation_of

    part10 = source.object(described.sop_instance_uid)
    with careful_reading():
        readers: dict[Kind, Callable[[], Content]] = {
            Kind.PRESENTATION: lambda: presentation_state(part10.header),
            Kind.STRUCTURES: lambda: structure_set(part10.header),
            Kind.SEGMENTATION: lambda: segmentation_of(part10),
            Kind.DOSE: lambda: dose_of(part10, _planned(source, plans)),
        }
        return readers[kind_of(described.sop_class_uid)]()


def dose_of(part10: Part10, planned: float | None = None) -> Dose:
    """A dose object as a volume; ``planned`` is the prescribed dose in Gy. Raises ``NoVolume`` and reading errors."""
    from shared.imaging.codecs import decode_frame
    from shared.imaging.header import image_header
    from shared.imaging.radiotherapy import dose_facts
    from shared.imaging.volume import volume_of

    header = image_header(part10.header, part10.transfer_syntax)
    fmt, facts = header.pixel_format, dose_facts(part10.header)

    def frame(n: int) -> Any:
        return decode_frame(part10.frame(n, fmt.native_bytes), fmt, part10.transfer_syntax)

    volume = volume_of(header.frames, frame, frame_of_reference_uid=header.frame_of_reference_uid)
    highest = float(volume.voxels.max()) * volume.slope + volume.intercept
    return Dose(
        sop_instance_uid=header.sop_instance_uid,
        volume=volume,
        unit=facts.unit,
        summation=facts.summation,
        reference=planned or highest,
        highest=highest,
        frame_of_reference_uid=header.frame_of_reference_uid,
        reference_is_planned=planned is not None,
    )


def _planned(source: ObjectSource, plans: Sequence[ObjectDescription]) -> float | None:
    """The prescribed dose of the study's only plan; None where there is none, or several that may disagree."""
    from shared.imaging.radiotherapy import dose_reference

    doses = {dose_reference(source.object(plan.sop_instance_uid).header) for plan in plans}
    return doses.pop() if len(doses) == 1 else None


def slice_reach_mm(stack: Stack) -> float:
    """Half the distance of a stack's slices, mm: contours nearer than this belong to a slice."""
    spacing = stack.order.spacing_mm
    if spacing is not None:
        return spacing / 2
    thickness = stack.frame_header(0).thickness_mm
    return (thickness or 1.0) / 2


def plane_of(stack: Stack, index: int) -> Plane | None:
    return stack.frame_header(index).plane
