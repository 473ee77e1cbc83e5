"""Frames (PS3.18 10.4.1.1.6): single pictures of an object, stored or uncompressed."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.responses import Response

from server.doors.web.dicomweb import answers, multipart
from server.doors.web.dicomweb.calls import Call
from server.doors.web.dicomweb.images import EXPLICIT_LE, MEDIA_TYPES, Images
from server.doors.web.dicomweb.metadata import instance_url
from server.doors.web.dicomweb.negotiation import OCTETS, MediaType, not_acceptable
from server.doors.web.dicomweb.ports import Refusal
from server.doors.web.dicomweb.wado import found
from server.kernel.metrics import METRICS
from shared.imaging.codecs import NATIVE


class FrameService:
    """`…/frames/1,2,7`."""

    def __init__(self, images: Images) -> None:
        self._images = images

    def service(self, call: Call) -> Response:
        (one,) = found(call)
        numbers = frame_list(call.path["frames"], call.ports.limits.frames)
        layout = self._images.layout(one)
        if max(numbers) > layout.frames:
            raise Refusal(404, f"The object has {layout.frames} frames; there is no frame {max(numbers)}.")
        media, as_stored = _chosen(call, layout.syntax)
        headers = {
            "etag": answers.etag_of((one.stamp, "frames", str(numbers), str(as_stored), str(media.is_multipart))),
            "cache-control": answers.REVALIDATE,
            "vary": "accept",
        }
        if answers.is_known(headers["etag"], call.headers.get("if-none-match", "")):
            return answers.not_modified(headers["etag"])
        syntax = layout.syntax if as_stored else EXPLICIT_LE
        inner = MEDIA_TYPES.get(syntax, OCTETS)
        if as_stored and inner != media.inner and media.inner == OCTETS:
            inner = OCTETS  # asked for bytes in any syntax: the parameter tells which they are in
        kind = f"{inner}; transfer-syntax={syntax}"
        METRICS.count("retrieved_frames_total", len(numbers), door="web")

        def frame(number: int) -> bytes:
            if layout.is_plain:
                start, stop = layout.place(number)
                with one.open() as data:
                    return bytes(data[start:stop])
            image = self._images.image(one)
            if as_stored and image.syntax not in NATIVE:
                return self._images.stored(one, image, number)
            return self._images.little_endian(one, image, number)

        is_multipart = media.is_multipart or media.name == "*/*"
        if not is_multipart:
            if len(numbers) > 1:
                raise not_acceptable((f'multipart/related; type="{OCTETS}"',))
            return Response(frame(numbers[0]), headers=headers, media_type=kind)
        boundary = multipart.new_boundary()
        content_type = multipart.content_type(boundary, inner)
        where = instance_url(call.base, one)

        def body() -> Iterator[bytes]:
            for number in numbers:
                yield multipart.part_head(boundary, kind, f"{where}/frames/{number}")
                yield frame(number)
            yield multipart.closing(boundary)

        if len(numbers) == 1:  # damage is found before the head of the answer is sent
            response = Response(b"".join(body()), headers=headers)
            response.headers["content-type"] = content_type
            return response
        frame(numbers[0])
        return answers.Streamed(body(), content_type, None, headers)


def frame_list(text: str, most: int) -> list[int]:
    """Frame numbers from 1, separated by commas. Raises Refusal (400)."""
    if len(text) > 20_000:
        raise Refusal(400, "The list of frames is too long.")
    parts = text.split(",")
    if len(parts) > most:
        raise Refusal(400, f"Ask for at most {most} frames at once.")
    numbers = []
    for part in parts:
        if not part.isascii() or not part.isdecimal() or len(part) > 7 or int(part) < 1:
            raise Refusal(400, "Frames are numbers from 1, separated by commas.")
        numbers.append(int(part))
    return numbers


def _chosen(call: Call, syntax: str) -> tuple[MediaType, bool]:
    """The accepted type that can be given, and whether it means the stored bytes. Raises Refusal (406)."""
    stored_name = MEDIA_TYPES.get(syntax, OCTETS)
    for media in call.accepts():
        asked = media.syntax
        if syntax in NATIVE:
            if media.takes(OCTETS) and asked in ("", "*", EXPLICIT_LE, syntax):
                return media, False
            continue
        if media.inner.startswith("image/") and media.takes(stored_name) and asked in ("", "*", syntax):
            return media, True
        if media.takes(OCTETS) and asked in ("*", syntax):
            return media, True
        if media.takes(OCTETS) and asked in ("", EXPLICIT_LE):
            return media, False
    raise not_acceptable((f'multipart/related; type="{OCTETS}"', f'multipart/related; type="{stored_name}"'))
