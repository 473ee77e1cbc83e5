"""WADO-URI (PS3.18 9): one object by query parameters, as a DICOM file or as a picture."""

from __future__ import annotations

from dataclasses import replace

from starlette.responses import Response

from server.doors.web.dicomweb import answers
from server.doors.web.dicomweb.calls import Call
from server.doors.web.dicomweb.images import Images
from server.doors.web.dicomweb.negotiation import DICOM, MediaType, not_acceptable, parse
from server.doors.web.dicomweb.ports import Refusal
from server.doors.web.dicomweb.rendered import JPEG, MAX_SIDE, PICTURES, Renderer, Wish
from server.doors.web.dicomweb.wado import single


class UriService:
    """`/wado?requestType=WADO&studyUID=…&seriesUID=…&objectUID=…`."""

    def __init__(self, images: Images, renderer: Renderer) -> None:
        self._images = images
        self._renderer = renderer

    def service(self, call: Call) -> Response:
        if call.parameter("requestType") != "WADO":
            raise Refusal(400, "The parameter requestType must be WADO.")
        call.path = {name: call.parameter(key) for name, key in _PARAMETERS.items()}
        study, series, instance = (call.uid(name) for name in _PARAMETERS)
        if not (study and series and instance):
            raise Refusal(400, "The parameters studyUID, seriesUID and objectUID are needed.")
        if call.parameter("anonymize"):
            raise Refusal(400, "Objects are not anonymized here; export them anonymized instead.")
        call.subject = f"study {study}"
        instances = call.ports.holdings.instances(study, series, instance)
        if not instances:
            raise Refusal(404, "The archive has nothing under this address.")
        one = instances[0]
        choices = parse(call.parameter("contentType")) or [MediaType(JPEG), MediaType(DICOM)]
        for media in choices:
            if media.takes(DICOM) and media.name != "*/*":
                syntax = call.parameter("transferSyntax")
                return single(call, one, MediaType(DICOM, {"transfer-syntax": syntax} if syntax else {}))
            for name in PICTURES:
                if media.takes(name):
                    try:
                        image = self._images.image(one)
                    except Refusal:
                        if call.parameter("contentType"):
                            raise
                        return single(call, one, MediaType(DICOM))
                    number = call.number("frameNumber", image.representative, 10_000_000)
                    if not 1 <= number <= image.frames:
                        raise Refusal(404, f"The object has {image.frames} frames; there is no frame {number}.")
                    wish = _wish(call, name, image.header.pixel_format.columns, image.header.pixel_format.rows)
                    headers = {
                        "etag": answers.etag_of((one.stamp, "uri", str(number), str(wish))),
                        "cache-control": answers.REVALIDATE,
                    }
                    if answers.is_known(headers["etag"], call.headers.get("if-none-match", "")):
                        return answers.not_modified(headers["etag"])
                    picture = self._renderer.picture(one, image, number, wish)
                    return Response(picture, headers=headers, media_type=name)
        raise not_acceptable((*PICTURES, DICOM))


_PARAMETERS = {"study": "studyUID", "series": "seriesUID", "instance": "objectUID"}


def _wish(call: Call, media: str, columns: int, rows: int) -> Wish:
    wish = Wish(media, quality=min(max(call.number("imageQuality", 90, 100), 1), 100))
    centre, width = call.parameter("windowCenter"), call.parameter("windowWidth")
    try:
        if centre and width:
            wish = replace(wish, window=(float(centre), max(float(width), 1.0), "LINEAR"))
        region = [float(part) for part in call.parameter("region")[:200].split(",") if part]
    except ValueError:
        raise Refusal(400, "windowCenter, windowWidth and region are numbers.") from None
    if not all(abs(number) < 1e9 for number in (*region, *(wish.window[:2] if wish.window else ()))):
        raise Refusal(400, "windowCenter, windowWidth and region are numbers.")
    if region:
        if len(region) != 4:
            raise Refusal(400, "The region is xmin,ymin,xmax,ymax, each from 0.0 to 1.0.")
        left, top, right, bottom = region
        if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
            raise Refusal(400, "The region is xmin,ymin,xmax,ymax, each from 0.0 to 1.0.")
        wish = replace(wish, region=(left * columns, top * rows, (right - left) * columns, (bottom - top) * rows))
    tall, wide = call.number("rows", 0, MAX_SIDE), call.number("columns", 0, MAX_SIDE)
    if tall or wide:
        wish = replace(wish, width=wide or MAX_SIDE, height=tall or MAX_SIDE)
    return wish
