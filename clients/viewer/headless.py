"""Images without a window: what `mingjing render` and `mingjing measure` read. Files, folders or the server's studies.

Frames come as decoded, in the values that the file stores; nothing is spread or rounded for a screen. No Qt.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clients.kit.translations import Language, language, set_language
from clients.viewer.loading import Arrived, FrameSource, SourceFailed
from clients.viewer.local_files import LocalFiles
from clients.viewer.server_studies import ServerStudies
from clients.viewer.study import FrameKey, Stack, stack_of, stacks_of
from clients.viewer.volume.source import arrangement_of
from shared.imaging.codecs import UndecodableFrame, decode_frame
from shared.imaging.volume import NoVolume, Volume, volume_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clients.viewer.server_studies import ArchiveLine
    from clients.viewer.study import StudyDescription
    from shared.imaging.suv import SuvFacts

NO_IMAGES = frozenset({"SEG", "RTDOSE", "PR", "KO", "SR"})


class NotThere(Exception):
    """The source or the wanted series or frame cannot be had; the text is a sentence in English."""


class Images:
    """The stacks of one source, and their decoded frames."""

    def __init__(self, studies: Sequence[StudyDescription], source: FrameSource, place: str) -> None:
        stacks = list(itertools.chain.from_iterable(stacks_of(study) for study in studies))
        for study in studies:  # tiles of a slide are no stack to page through, but frames they are
            for series in study.series:
                tiled = (image for image in series.images if image.is_tiled and len(image.frames) > 1)
                stacks.extend(stack_of(study, series, [image], "tiles") for image in tiled)
        if not stacks:
            objects = {item.modality for study in studies for item in study.objects if item.modality}
            held = f", only other objects ({', '.join(sorted(objects))})" if objects else ""
            raise NotThere(f"There are no images in {place}{held}.")
        self.stacks: tuple[Stack, ...] = tuple(stacks)
        for stack in self.stacks:
            stack.suv = None  # values as stored; who wants SUV says so
        self.place = place
        self._source = source

    # --- choosing

    def series(self, wanted: str, modality: str = "") -> tuple[Stack, ...]:
        """Stacks of a series by its UID or its Series Number; when ``wanted`` is empty all, or all of ``modality``."""
        if not wanted:
            chosen = tuple(s for s in self.stacks if modality and s.series.modality == modality)
            return chosen or self.stacks
        found = [stack for stack in self.stacks if wanted == stack.series.series_uid]
        if not found and wanted.lstrip("-").isdigit():
            found = [stack for stack in self.stacks if stack.series.number == int(wanted)]
        if not found:
            there = "; ".join(dict.fromkeys(describe(stack) for stack in self.stacks))
            raise NotThere(f"There is no series {wanted} in {self.place}. There are: {there}.")
        return tuple(found)

    def _images_first(self, wanted: str, modality: str) -> tuple[Stack, ...]:
        """Segmentations and doses only where they are named or alone."""
        stacks = self.series(wanted, modality)
        images = tuple(stack for stack in stacks if stack.series.modality not in NO_IMAGES)
        return stacks if wanted else images or stacks

    def largest(self, wanted: str = "", modality: str = "") -> Stack:
        """The stack of most pixels, of one series where it is named, else of ``modality`` where there is any."""
        stacks = self._images_first(wanted, modality)
        return max(stacks, key=lambda stack: len(stack) * stack.shape[0] * stack.shape[1])

    def located(self, stack: Stack, index: int) -> tuple[Stack, int]:
        """Where frame ``index`` is: of a stack of images in the order of the viewer, of a multi-frame object as stored.

        The frames of one object may stand in several stacks (time points, b-values, detectors).
        """
        objects = {key.sop_instance_uid for key in stack.frames}
        if len(objects) > 1:
            return stack, index
        for other in (stack, *self.stacks):
            for n, key in enumerate(other.frames):
                if key.frame == index and key.sop_instance_uid in objects:
                    return other, n
        count = len({key for other in self.stacks for key in other.frames if key.sop_instance_uid in objects})
        raise NotThere(f"Frame {index} is asked for; {describe(stack)} has {count}, counted from 0.")

    def largest_volume(self, wanted: str = "", phase: int = 0, modality: str = "") -> Stack:
        """The stack of most voxels among those that make a volume; raises :class:`NotThere` with the reasons."""
        best: tuple[int, Stack] | None = None
        reasons = []
        for stack in self._images_first(wanted, modality):
            try:
                voxels = len(arrangement_of(stack, phase).order) * stack.shape[0] * stack.shape[1]
            except NoVolume as reason:
                reasons.append(f"{describe(stack)}: {reason}")
                continue
            if best is None or voxels > best[0]:
                best = (voxels, stack)
        if best is None:
            raise NotThere(f"{self.place} holds no volume. " + " ".join(dict.fromkeys(reasons)))
        return best[1]

    # --- pixels

    def frame(self, stack: Stack, index: int, *, deep: bool = False) -> NDArray[Any]:
        """Stored values of a frame of the stack; headers that come with it are taken. Raises :class:`NotThere`.

        Colours have 8 bits, ``deep`` ones as many as the file has.
        """
        if not 0 <= index < len(stack):
            raise NotThere(f"Frame {index} is asked for; {describe(stack)} has {len(stack)}, counted from 0.")
        return next(frame for _, frame in self._decoded(stack, [index], deep=deep))

    def volume(self, stack: Stack, phase: int = 0) -> Volume:
        """All frames of the stack as a volume, exact; raises :class:`NotThere` or ``NoVolume``."""
        order = arrangement_of(stack, phase).order
        arrived = self._decoded(stack, order)
        waiting: dict[int, NDArray[Any]] = {}

        def frame_at(n: int) -> NDArray[Any]:
            while n not in waiting:
                index, frame = next(arrived)
                waiting[index] = frame
            return waiting.pop(n)

        frame_first = {order[0]: frame_at(order[0])}  # with it may come a fuller header
        headers = [stack.frame_header(n) for n in range(len(stack))]
        first = stack.image(order[0])
        return volume_of(
            headers,
            lambda n: frame_first.pop(n) if n in frame_first else frame_at(n),
            numbers=range(len(stack)),
            phase=phase,
            frame_of_reference_uid=stack.series.frame_of_reference_uid,
            modality_code=stack.series.modality,
            series_uid=stack.series.series_uid,
            inverted=first.inverted,
            padding=first.padding,
        )

    def suv_facts(self, stack: Stack) -> SuvFacts | None:
        """Of the image that was taken first; None when the stack is no PET."""
        facts = [image.suv for image in (stack.image(n) for n in range(len(stack))) if image.suv is not None]
        if not facts:
            return None
        return min(facts, key=lambda one: (one.problem != "", one.decay_s if one.decay_s is not None else 0.0))

    def close(self) -> None:
        self._source.stop()
        self._source.close()

    def _decoded(
        self, stack: Stack, indices: Sequence[int], *, deep: bool = False
    ) -> Iterator[tuple[int, NDArray[Any]]]:
        by_key: dict[FrameKey, int] = {stack.frames[n]: n for n in indices}
        try:
            for arrived in self._source.frames([stack.frames[n] for n in indices]):
                yield by_key[arrived.key], self._decode(stack, by_key[arrived.key], arrived, deep=deep)
        except SourceFailed as error:
            raise NotThere(str(error)) from error
        raise NotThere("The source did not deliver all images.")

    def _decode(self, stack: Stack, index: int, arrived: Arrived, *, deep: bool) -> NDArray[Any]:
        if arrived.error:
            raise NotThere(f"Frame {index} of {describe(stack)} cannot be read: {arrived.error}")
        if arrived.header is not None:
            stack.refine(arrived.header)
        image = stack.image(index)
        try:
            return decode_frame(arrived.data, image.pixel_format, image.transfer_syntax, deep=deep)
        except UndecodableFrame as error:
            raise NotThere(f"Frame {index} of {describe(stack)} cannot be decoded: {error}") from error


def describe(stack: Stack) -> str:
    """A series in a few words: number, modality, description, images."""
    series = stack.series
    name = f" {series.description}" if series.description else ""
    number = "without number" if series.number is None else str(series.number)
    return f"series {number} ({series.modality}{name}, {len(stack)} images)"


@contextmanager
def images_of(source: str, connect: Callable[[], ArchiveLine] | None = None) -> Iterator[Images]:
    """Open a file, a folder, or a study of the server by its Study Instance UID; raises :class:`NotThere`.

    ``connect`` gives the line to the server; it is only called when ``source`` is no path.
    """
    with _in_english(), _opened(source, connect) as found:
        yield found


@contextmanager
def _in_english() -> Iterator[None]:
    """The sentences of the viewer's parts, which a command line hands on, in the language of the command line."""
    from clients.viewer import texts
    from clients.viewer.objects import texts as texts_of_objects

    texts.register()
    texts_of_objects.register()
    before = language()
    set_language(Language.ENGLISH)
    try:
        yield
    finally:
        set_language(before)


@contextmanager
def _opened(source: str, connect: Callable[[], ArchiveLine] | None) -> Iterator[Images]:
    path = Path(source)
    if source.strip() and path.exists():
        files = LocalFiles([path])
        try:
            studies: Sequence[StudyDescription] = files.studies()
        except SourceFailed as error:
            why = f": {error}." if files.refused else ", and other formats are not read."
            raise NotThere(f"There is no DICOM image in {source}{why}") from error
        found = Images(studies, files, source)
    elif source.replace(".", "").isdigit() and "." in source and connect is not None:
        server = ServerStudies(connect())
        try:
            found = Images([server.study(source)], server, f"study {source}")
        except SourceFailed as error:
            server.close()
            raise NotThere(str(error)) from error
        except NotThere:
            server.close()
            raise
    else:
        raise NotThere(f"{source or 'Nothing'} is neither a file nor a folder nor the UID of a study.")
    try:
        yield found
    finally:
        found.close()
