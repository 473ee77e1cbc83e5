"""Prints films (Basic Grayscale and Basic Color Print Management, PS3.4 annex H) and asks a printer how it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from server.doors.dicom import dimse, status, uids
from server.doors.dicom.dimse import Message
from server.doors.dicom.negotiation import Context
from server.doors.dicom.ports import AttributeValue, Peer
from server.doors.dicom.requestor import RequestedAssociation
from server.doors.dicom.scu import nservice
from server.doors.dicom.scu.ours import Ours, ScuFailed, association

_SYNTAXES: Final = (uids.EXPLICIT_LE, uids.IMPLICIT_LE)
_BOXES, _SESSION_REFERENCE = 0x20100510, 0x20100500


@dataclass(frozen=True, slots=True)
class FilmSession:
    """What holds for all films of a job (PS3.3 C.13.1); empty texts leave the choice to the printer.

    ``medium``: PAPER, CLEAR FILM, BLUE FILM …; ``destination``: MAGAZINE, PROCESSOR …; ``priority``: HIGH, MED, LOW.
    """

    copies: int = 1
    priority: str = "MED"
    medium: str = ""
    destination: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class FilmImage:
    """One picture for a film: ``pixels`` row by row, one byte a sample; with 3 ``samples`` RGBRGB… (colour printers).

    ``inverse``: Polarity REVERSE, the printer swaps black and white. ``width_mm``: Requested Image Size, the width
    that the picture shall have on the film; 0 leaves it to the printer.
    """

    rows: int
    columns: int
    pixels: bytes | memoryview
    samples: int = 1
    inverse: bool = False
    width_mm: float = 0.0


@dataclass(frozen=True, slots=True)
class Film:
    """One sheet (PS3.3 C.13.3): images in the boxes of a layout such as ``STANDARD\\2,3`` (columns, rows), None for an
    empty box; ``size`` for example ``14INX17IN``, empty: the printer's own."""

    images: Sequence[FilmImage | None]
    layout: str = "STANDARD\\1,1"
    size: str = ""
    orientation: str = "PORTRAIT"
    magnification: str = ""
    trim: bool = False


@dataclass(frozen=True, slots=True)
class PrinterStatus:
    """NORMAL, WARNING or FAILURE, the printer's word for why (PS3.3 C.13.9.1), and its name."""

    status: str
    info: str
    name: str = ""


def printer_status(peer: Peer, ours: Ours, *, colour: bool = False) -> PrinterStatus:
    """N-GET of the printer; raises ScuFailed when it cannot be asked."""
    meta = uids.COLOR_PRINT if colour else uids.GRAYSCALE_PRINT
    with association(peer, ours, [(meta, _SYNTAXES)]) as opened:
        answer = nservice.request(
            opened,
            opened.context(meta),
            dimse.N_GET_RQ,
            uids.PRINTER,
            uids.PRINTER_INSTANCE,
            None,
            "the question for its status",
        ).attributes
    return PrinterStatus(_text(answer, 0x21100010), _text(answer, 0x21100020), _text(answer, 0x21100030))


def print_films(
    peer: Peer,
    films: Sequence[Film],
    ours: Ours,
    session: FilmSession | None = None,
    *,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> tuple[str, ...]:
    """Print films one after the other; grayscale, or colour when any image has 3 samples.

    Returns the printer's warnings, in words. Raises ScuFailed when the printer refuses a film, reports FAILURE, or the
    job was cancelled (films sent before are printed); ValueError for images whose bytes do not fit their size.
    """
    colour = any(image is not None and image.samples == 3 for film in films for image in film.images)
    for film in films:
        _check(film, colour)
    session = session or FilmSession()
    meta = uids.COLOR_PRINT if colour else uids.GRAYSCALE_PRINT
    with association(peer, ours, [(meta, _SYNTAXES)]) as opened:
        job = _Job(opened, opened.context(meta), colour)
        job.require_ready()
        film_session = job.ask(dimse.N_CREATE_RQ, uids.FILM_SESSION, "", _session(session), "the film session").instance
        for done, film in enumerate(films):
            if cancelled is not None and cancelled():
                raise ScuFailed(f"Cancelled after {done} of {len(films)} films", status.CANCEL)
            job.print(film, film_session)
            if progress is not None:
                progress(done + 1, len(films))
        job.ask(dimse.N_DELETE_RQ, uids.FILM_SESSION, film_session, None, "the end of the job")
    return tuple(job.warnings)


class _Job:
    """What is asked of the printer over one association."""

    def __init__(self, opened: RequestedAssociation, context: Context, colour: bool) -> None:
        self._opened, self._context, self._colour = opened, context, colour
        self.warnings: list[str] = []

    def ask(
        self,
        field: int,
        sop_class: str,
        instance: str,
        body: dict[int, AttributeValue] | None,
        what: str,
        action: int = 0,
    ) -> nservice.Answer:
        """One request; its warning is kept, its failure raised."""
        answer = nservice.request(
            self._opened, self._context, field, sop_class, instance, body, what, action=action, serve=self._serve
        )
        if status.is_warning(answer.status):
            self.warnings.append(_WARNINGS.get(answer.status, f"{what}: warning {answer.status:04X}"))
        return answer

    def require_ready(self) -> None:
        """The printer's own status (PS3.3 C.13.9); ScuFailed for FAILURE."""
        printer = self.ask(dimse.N_GET_RQ, uids.PRINTER, uids.PRINTER_INSTANCE, None, "the question for its status")
        word = _text(printer.attributes, 0x21100010)
        reason = _text(printer.attributes, 0x21100020) or "it gives no reason"
        if word == "FAILURE":
            raise ScuFailed(f"The printer is not ready: {reason}", is_printer_failure=True)
        if word == "WARNING":
            self.warnings.append(f"The printer warns: {reason}")

    def print(self, film: Film, film_session: str) -> None:
        """Lay out one film, fill its places and print it."""
        box = self.ask(dimse.N_CREATE_RQ, uids.FILM_BOX, "", _film(film, film_session), "the film")
        places = [_text(item, 0x00081155) for item in _items(box.attributes.get(_BOXES))]
        if len(places) < len(film.images):
            raise ScuFailed(f"The printer has {len(places)} places on a film of this layout, not {len(film.images)}")
        sop_class = uids.COLOR_IMAGE_BOX if self._colour else uids.GRAYSCALE_IMAGE_BOX
        for position, (image, place) in enumerate(zip(film.images, places, strict=False), start=1):
            if image is not None:
                self.ask(dimse.N_SET_RQ, sop_class, place, _image(image, position, self._colour), f"image {position}")
        self.ask(dimse.N_ACTION_RQ, uids.FILM_BOX, box.instance, None, "the printing", action=1)
        self.ask(dimse.N_DELETE_RQ, uids.FILM_BOX, box.instance, None, "the end of the film")

    def _serve(self, _context: Context, message: Message) -> Mapping[int, int | str]:
        """The printer's N-EVENT-REPORT (PS3.4 H.4.5.2.2): 1 normal, 2 warning, 3 failure."""
        if message.field != dimse.N_EVENT_REPORT_RQ:
            return {dimse.STATUS: status.UNRECOGNIZED_OPERATION}
        kind = message.number(dimse.EVENT_TYPE)
        if kind > 1:
            self.warnings.append("The printer reports a warning" if kind == 2 else "The printer reports a failure")
        return {dimse.STATUS: status.SUCCESS, dimse.EVENT_TYPE: kind}


_WARNINGS: Final = {
    0x0107: "The printer ignores an attribute it does not know",
    0x0116: "The printer changed a value to one it supports",
    0xB600: "The printer does not allocate memory for films ahead",
    0xB603: "A film was printed empty",
    0xB604: "An image was made smaller to fit its place",
    0xB605: "The printer changed a density it does not support",
    0xB609: "An image was cropped to fit its place",
    0xB60A: "An image was printed in fewer pixels to fit its place",
}
"""PS3.4 tables H.4-3 to H.4-9."""


def _check(film: Film, colour: bool) -> None:
    for image in film.images:
        if image is None:
            continue
        if image.samples not in (1, 3) or (colour and image.samples == 1):
            raise ValueError("a film is printed in grey (1 sample a pixel) or in colour (3), not in a mixture")
        if len(image.pixels) != image.rows * image.columns * image.samples or not image.pixels:
            raise ValueError("the bytes of an image do not fit its rows, columns and samples")


def _session(session: FilmSession) -> dict[int, AttributeValue]:
    body: dict[int, AttributeValue] = {0x20000010: session.copies, 0x20000020: session.priority}
    optional = {0x20000030: session.medium, 0x20000040: session.destination, 0x20000050: session.label}
    body.update({tag: value for tag, value in optional.items() if value})
    return body


def _film(film: Film, session_uid: str) -> dict[int, AttributeValue]:
    body: dict[int, AttributeValue] = {
        0x20100010: film.layout,
        0x20100040: film.orientation,
        _SESSION_REFERENCE: [{0x00081150: uids.FILM_SESSION, 0x00081155: session_uid}],
    }
    optional = {0x20100050: film.size, 0x20100060: film.magnification, 0x20100140: "YES" if film.trim else ""}
    body.update({tag: value for tag, value in optional.items() if value})
    return body


def _image(image: FilmImage, position: int, colour: bool) -> dict[int, AttributeValue]:
    pixels = bytes(image.pixels)
    described: dict[int, AttributeValue] = {
        0x00280002: image.samples,
        0x00280004: "RGB" if colour else "MONOCHROME2",
        0x00280010: image.rows,
        0x00280011: image.columns,
        0x00280100: 8,
        0x00280101: 8,
        0x00280102: 7,
        0x00280103: 0,
        0x7FE00010: pixels + b"\0" if len(pixels) & 1 else pixels,
    }
    if colour:
        # PS3.3 table C.13-5: colour pictures for a printer go plane by plane
        described[0x00280006] = 1
        planes = b"".join(pixels[sample::3] for sample in range(3))
        described[0x7FE00010] = planes + b"\0" if len(planes) & 1 else planes
    body: dict[int, AttributeValue] = {0x20200010: position, 0x20200111 if colour else 0x20200110: [described]}
    if image.inverse:
        body[0x20200020] = "REVERSE"
    if image.width_mm:
        body[0x20200030] = f"{image.width_mm:.2f}"
    return body


def _items(value: AttributeValue) -> Sequence[Mapping[int, AttributeValue]]:
    return value if isinstance(value, list) else ()


def _text(attributes: Mapping[int, AttributeValue], tag: int) -> str:
    value = attributes.get(tag, "")
    return value if isinstance(value, str) else ""
