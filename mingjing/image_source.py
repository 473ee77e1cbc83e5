"""Images of files, folders or a server's study, without a window: stacks, single frames, volumes.

Every frame is decoded by the viewer's own code. A volume is made once per stack and kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clients.viewer.loading import FrameSource, SourceFailed
from clients.viewer.local_files import LocalFiles
from clients.viewer.study import FrameKey, Stack, StudyDescription, stacks_of
from shared.imaging.codecs import UndecodableFrame, decode_frame
from shared.imaging.header import ImageHeader
from shared.imaging.volume import NoVolume, Volume, volume_of

if TYPE_CHECKING:
    import argparse

    from numpy.typing import NDArray


class NoSource(Exception):
    """The images cannot be had; the text is a sentence."""


class OpenedImages:
    """The stacks of some studies; frames and volumes on demand."""

    def __init__(self, source: FrameSource, studies: Sequence[StudyDescription]) -> None:
        self._source = source
        self.stacks = tuple(stack for study in studies for stack in stacks_of(study))
        self._volumes: dict[int, Volume] = {}

    def frame(self, stack: Stack, index: int) -> tuple[NDArray[Any], ImageHeader]:
        """Stored values of a frame (rows, columns[, 3]) and its header. Raises :class:`NoSource`."""
        key = stack.frames[index]
        for arrived in self._source.frames([key]):
            if arrived.error:
                raise NoSource(arrived.error)
            if arrived.header is not None:
                stack.refine(arrived.header)
            image = stack.image(index)
            try:
                return decode_frame(arrived.data, image.pixel_format, image.transfer_syntax), image
            except UndecodableFrame as error:
                raise NoSource(str(error)) from error
        raise NoSource("The image did not come.")

    def volume(self, stack: Stack) -> Volume:
        """The stack as a volume. Raises :class:`NoVolume`, :class:`NoSource`."""
        known = self._volumes.get(id(stack))
        if known is None:
            self.frame(stack, 0)  # the object itself tells more than a server's index: planes of its frames
            headers = [stack.frame_header(n) for n in range(len(stack))]
            known = volume_of(
                headers,
                lambda n: self.frame(stack, n)[0],
                numbers=range(len(stack)),
                frame_of_reference_uid=stack.series.frame_of_reference_uid,
                modality_code=stack.series.modality,
                series_uid=stack.series.series_uid,
            )
            self._volumes[id(stack)] = known
        return known

    def header_of(self, stack: Stack, index: int = 0) -> Any:
        """The data set of an image without its pixels, for what :class:`ImageHeader` does not hold (files only)."""
        from shared.imaging.frames import Part10, UnreadableFile

        files: dict[str, Path] = getattr(self._source, "_files", {})
        path = files.get(stack.frames[index].sop_instance_uid)
        if path is None:
            raise NoSource("The header of the image is not at hand: save the study as files first.")
        try:
            return Part10.open(path).header
        except UnreadableFile as error:
            raise NoSource(str(error)) from error

    def find(self, name: str) -> tuple[Stack, ...]:
        """Stacks whose series has this UID, number or (part of a) description."""
        wanted = name.strip().lower()
        return tuple(
            stack
            for stack in self.stacks
            if wanted == stack.series.series_uid
            or wanted == str(stack.series.number)
            or (len(wanted) > 1 and wanted in stack.series.description.lower())
        )

    def place_of(self, sop_instance_uid: str, frame: int = 0) -> tuple[Stack, int] | None:
        """Stack and index of a frame."""
        key = FrameKey(sop_instance_uid, frame)
        for stack in self.stacks:
            index = stack.index_of(key)
            if index is not None:
                return stack, index
        return None


@contextmanager
def opened(source: str, options: argparse.Namespace) -> Iterator[OpenedImages]:
    """Images of a path, or of a Study Instance UID on the server of ``options`` (`mingjing.session.add_options`).

    Raises :class:`NoSource`.
    """
    path = Path(source)
    if path.exists():
        files = LocalFiles([path])
        try:
            yield OpenedImages(files, files.studies())
        except SourceFailed as failure:
            raise NoSource(str(failure)) from failure
        finally:
            files.close()
        return
    if not all(part.isdigit() for part in source.split(".")):
        raise NoSource(f"{source} is neither a file, a folder nor a study instance UID.")
    from clients.viewer.server_studies import AdoptedLine, ServerStudies
    from mingjing import session

    with session.signed_in(options) as client:
        current = client.session
        if current is None:
            raise NoSource("The server opened no session.")
        line = AdoptedLine(str(session.address(options)), current)
        studies = ServerStudies(line)
        try:
            yield OpenedImages(studies, [studies.study(source)])
        except SourceFailed as failure:
            raise NoSource(str(failure)) from failure
        finally:
            studies.stop()
            studies.close()
            line.close()


__all__ = ["NoSource", "NoVolume", "OpenedImages", "opened"]
