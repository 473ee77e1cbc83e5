"""Renders the portable reader of a medium: an overview page, and a viewer page with pictures of every frame.

Grey images keep 16 bits per pixel (two bytes in the colours of a PNG), so that windows can be changed; colour and
8-bit images become JPEG. Pictures stand as data in scripts, because a page from a disk may not read pixels of files.
"""

from __future__ import annotations

import base64
import html
import json
from dataclasses import dataclass, field
from importlib import resources
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydicom import Dataset

CHUNK = 8  # pictures per script
MAX_EDGE = 1024  # pixels; larger frames are shown smaller
MAX_FRAMES = 6000  # per medium
FOLDER = "VIEWER"
_VIDEO = {f"1.2.840.10008.1.2.4.{n}": ".MP4" for n in range(102, 109)}

_WORDS = {
    "zh": {
        "title": "影像资料",
        "open": "打开图像浏览器",
        "patient": "患者",
        "id": "患者编号",
        "birth": "出生日期",
        "sex": "性别",
        "study": "检查",
        "series": "序列",
        "images": "图像数",
        "date": "日期",
        "modality": "设备",
        "accession": "检查号",
        "description": "描述",
        "warning": "仅供查阅，不得用于诊断。诊断请使用医用影像软件打开本介质上的 DICOM 原始文件（DICOMDIR）。",
        "about": "本介质含有 DICOM 影像（DICOM PS3.10 文件集）。无需安装即可用浏览器查看；原始影像在 DICOM 文件夹中。",
        "volume": "第 {0} 卷，共 {1} 卷",
        "image": "图像",
        "position": "位置",
        "original": "默认窗",
        "invert": "反相",
        "reset": "复位",
        "play": "播放",
        "stop": "停止",
        "window": "窗",
        "damaged": "图像无法读取，介质可能已损坏。",
        "nothing": "该序列没有可显示的图像，请用医用影像软件打开。",
        "help": "拖动：窗宽窗位  滚轮：翻页  Ctrl+滚轮或右键拖动：缩放  Shift+拖动：移动",
        "presets": (("软组织", 40, 400), ("肺", -600, 1500), ("骨", 500, 2000), ("脑", 40, 80), ("纵隔", 50, 350)),
    },
    "en": {
        "title": "Images",
        "open": "Open the image viewer",
        "patient": "Patient",
        "id": "Patient ID",
        "birth": "Born",
        "sex": "Sex",
        "study": "Study",
        "series": "Series",
        "images": "Images",
        "date": "Date",
        "modality": "Modality",
        "accession": "Accession",
        "description": "Description",
        "warning": "For reference only, not for diagnosis. Read the original DICOM files of this medium (DICOMDIR) "
        "with medical imaging software.",
        "about": "This medium holds DICOM images (a DICOM PS3.10 file-set). Any browser shows them without "
        "installation; the original images are in the folder DICOM.",
        "volume": "Volume {0} of {1}",
        "image": "Image",
        "position": "Position",
        "original": "As made",
        "invert": "Invert",
        "reset": "Reset",
        "play": "Play",
        "stop": "Stop",
        "window": "Window",
        "damaged": "The image cannot be read; the medium may be damaged.",
        "nothing": "Nothing of this series can be shown here; open it with medical imaging software.",
        "help": "Drag: window  Wheel: next image  Ctrl+wheel or right drag: zoom  Shift+drag: move",
        "presets": (
            ("Soft tissue", 40, 400),
            ("Lung", -600, 1500),
            ("Bone", 500, 2000),
            ("Brain", 40, 80),
            ("Mediastinum", 50, 350),
        ),
    },
}
_POLICY = (
    "default-src 'none'; script-src 'self' file:; style-src 'self' file:; img-src data:; media-src 'self' file:; "
    "frame-src 'self' file:"
)


@dataclass(slots=True)
class _Series:
    folder: str
    study: str
    title: str
    note: str
    modality: str
    frames: list[dict[str, Any]] = field(default_factory=list)
    thumbnail: str = ""
    video: str = ""
    document: str = ""
    pictures: list[str] = field(default_factory=list)  # of the chunk that is not written yet
    objects: int = 0


@dataclass(slots=True)
class _Study:
    patient: tuple[str, str, str, str]
    facts: tuple[str, str, str, str]  # date, description, accession, modality
    series: list[_Series] = field(default_factory=list)


class PortableReader:
    """Writes the pages of one medium into its folder, object by object."""

    def __init__(self, root: Path, language: str, *, with_pictures: bool) -> None:
        self._root = root
        self._words: dict[str, Any] = _WORDS[language]
        self._language = language
        self._with_pictures = with_pictures
        self._studies: dict[str, _Study] = {}
        self._series: dict[str, _Series] = {}
        self._frames = 0
        self.size = 64 << 10  # bytes written, about
        self.left_out = 0  # frames beyond the bound or unreadable

    def add(self, part10: bytes, header: Dataset) -> None:
        """Add an object; what cannot be shown is listed without pictures."""
        series = self._place(header)
        series.objects += 1
        if not self._with_pictures:
            return
        syntax = str(header.file_meta.TransferSyntaxUID)
        if syntax in _VIDEO:
            self._put_file(series, "video", "V", _VIDEO[syntax], _only_fragment(part10))
        elif "EncapsulatedDocumentLength" in header or _text(header, "MIMETypeOfEncapsulatedDocument"):
            if _text(header, "MIMETypeOfEncapsulatedDocument") == "application/pdf":
                self._put_file(series, "document", "P", ".PDF", _document(part10))
        elif "Rows" in header:
            self._put_frames(series, part10)

    def finish(self, volume: int, volumes: int) -> None:
        """Write what is left and the pages."""
        for series in self._series.values():
            self._flush(series)
        folder = self._root / FOLDER
        folder.mkdir(exist_ok=True)
        assets = resources.files("server.archive.exchange.reader")
        (folder / "VIEW.CSS").write_bytes(assets.joinpath("view.css").read_bytes())
        if self._with_pictures:
            (folder / "VIEW.JS").write_bytes(assets.joinpath("view.js").read_bytes())
            (folder / "DATA.JS").write_text(self._data(), encoding="utf-8")
            (folder / "VIEW.HTM").write_text(self._viewer_page(), encoding="utf-8")
        (self._root / "INDEX.HTM").write_text(self._overview(volume, volumes), encoding="utf-8")

    # objects

    def _place(self, header: Dataset) -> _Series:
        study_uid, series_uid = _text(header, "StudyInstanceUID"), _text(header, "SeriesInstanceUID")
        if study_uid not in self._studies:
            self._studies[study_uid] = _Study(
                (
                    _shown_name(_text(header, "PatientName")),
                    _text(header, "PatientID"),
                    _shown_date(_text(header, "PatientBirthDate")),
                    _text(header, "PatientSex"),
                ),
                (
                    _shown_date(_text(header, "StudyDate")),
                    _text(header, "StudyDescription"),
                    _text(header, "AccessionNumber"),
                    _text(header, "Modality"),
                ),
            )
        if series_uid not in self._series:
            study = self._studies[study_uid]
            number, modality = _text(header, "SeriesNumber"), _text(header, "Modality")
            made = _Series(
                folder=f"S{len(self._series) + 1:04d}",
                study=" ".join(filter(None, (study.patient[0], study.facts[0], study.facts[1]))),
                title=f"{modality} {number}".strip(),
                note=_text(header, "SeriesDescription"),
                modality=modality,
            )
            self._series[series_uid] = made
            study.series.append(made)
        return self._series[series_uid]

    def _put_file(self, series: _Series, kind: str, letter: str, ending: str, data: bytes) -> None:
        if not data or getattr(series, kind):
            return
        name = f"{letter}{int(series.folder[1:]):04d}{ending}"
        folder = self._root / FOLDER
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
        setattr(series, kind, name)
        self.size += len(data)

    def _put_frames(self, series: _Series, part10: bytes) -> None:
        from shared.imaging.codecs import UndecodableFrame
        from shared.imaging.frames import Part10, UnreadableFile
        from shared.imaging.header import image_header

        try:
            parsed = Part10(part10)
            header = image_header(parsed.header, parsed.transfer_syntax)
        except (UnreadableFile, UndecodableFrame, ValueError):
            self.left_out += 1
            return
        for index in range(parsed.frame_count):
            if self._frames >= MAX_FRAMES:
                self.left_out += parsed.frame_count - index
                return
            try:
                picture, facts = _rendered(parsed, header, index)
            except (UnreadableFile, UndecodableFrame, ValueError, MemoryError):
                self.left_out += 1
                continue
            self._frames += 1
            series.frames.append(facts)
            series.pictures.append(picture)
            count = len(series.frames)
            if count & (count - 1) == 0:  # the last power of two lies in the second half of the series
                series.thumbnail = _thumbnail(picture, facts)
            if len(series.pictures) == CHUNK:
                self._flush(series)

    def _flush(self, series: _Series) -> None:
        if not series.pictures:
            return
        folder = self._root / FOLDER / series.folder
        folder.mkdir(parents=True, exist_ok=True)
        first = len(series.frames) - len(series.pictures)
        number = list(self._series.values()).index(series)
        chunk = {"series": number, "first": first, "pictures": series.pictures}
        text = f"mjChunk({json.dumps(chunk)});\n"
        (folder / f"C{first // CHUNK + 1:04d}.JS").write_text(text, encoding="ascii")
        self.size += len(text)
        series.pictures = []

    # pages

    def _data(self) -> str:
        words = {name: text for name, text in self._words.items() if isinstance(text, str)}
        data = {
            "words": words,
            "chunk": CHUNK,
            "ct": self._words["presets"],
            "series": [
                {
                    "folder": one.folder,
                    "study": one.study,
                    "title": one.title,
                    "note": f"{one.note} ({len(one.frames) or one.objects})".strip(),
                    "modality": one.modality,
                    "frames": one.frames,
                    "thumbnail": one.thumbnail,
                    "video": one.video,
                    "document": one.document,
                }
                for one in self._series.values()
            ],
        }
        return f"window.MJ_DATA = {json.dumps(data)};\n"  # ASCII only: no line separator can end the script

    def _page(self, title: str, body: str, style: str, scripts: str = "") -> str:
        lang = "zh-CN" if self._language == "zh" else "en"
        return (
            f'<!DOCTYPE html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f'<title>{html.escape(title)}</title>\n<link rel="stylesheet" href="{style}">\n</head>\n'
            f"<body>\n{body}\n{scripts}</body>\n</html>\n"
        )

    def _viewer_page(self) -> str:
        words = {name: html.escape(text) for name, text in self._words.items() if isinstance(text, str)}
        body = (
            '<div class="viewer">\n'
            f'<header class="bar"><h1>{words["title"]}</h1><span class="who">{words["help"]}</span></header>\n'
            f'<div class="warning">{words["warning"]}</div>\n'
            f'<nav id="list" aria-label="{words["series"]}"></nav>\n'
            '<main id="stage"><canvas id="picture"></canvas><div class="corner tl" id="tl"></div>'
            '<div class="corner tr" id="tr"></div><div class="corner bl" id="bl"></div>'
            '<div class="corner br" id="br"></div></main>\n'
            f'<footer class="tools"><button id="play" type="button">{words["play"]}</button>'
            f'<input id="slider" type="range" min="1" value="1" aria-label="{words["image"]}">'
            f'<label for="presets">{words["window"]}</label><select id="presets"></select>'
            f'<button id="invert" type="button">{words["invert"]}</button>'
            f'<button id="reset" type="button">{words["reset"]}</button></footer>\n</div>'
        )
        scripts = '<script src="DATA.JS"></script>\n<script src="VIEW.JS"></script>\n'
        return self._page(self._words["title"], body, "VIEW.CSS", scripts)

    def _overview(self, volume: int, volumes: int) -> str:
        words = {name: html.escape(text) for name, text in self._words.items() if isinstance(text, str)}
        parts = ['<div class="page">', f"<h1>{words['title']}</h1>"]
        if volumes > 1:
            parts.append(f"<p>{words['volume'].format(volume, volumes)}</p>")
        parts.append(f"<p>{words['about']}</p>")
        if self._with_pictures:
            parts.append(f'<a class="open" href="{FOLDER}/VIEW.HTM">{words["open"]}</a>')
            parts.append(f"<p>{words['warning']}</p>")
        numbers = {id(one): number for number, one in enumerate(self._series.values())}
        for study in self._studies.values():
            name, patient_id, birth, sex = map(html.escape, study.patient)
            date, description, accession, _ = map(html.escape, study.facts)
            parts.append(f"<h2>{name or patient_id or words['patient']}</h2>")
            who = ((words["id"], patient_id), (words["birth"], birth), (words["sex"], sex))
            what = ((words["study"], f"{date} {description}".strip()), (words["accession"], accession))
            parts.append(f"<p>{_facts(who)}<br>{_facts(what)}</p>")
            parts.append(
                f"<table><thead><tr><th>{words['modality']}</th><th>{words['description']}</th>"
                f"<th>{words['images']}</th></tr></thead><tbody>"
            )
            for one in study.series:
                title, note = html.escape(one.title), html.escape(one.note)
                if self._with_pictures:
                    title = f'<a href="{FOLDER}/VIEW.HTM#s{numbers[id(one)]}">{title}</a>'
                parts.append(f"<tr><td>{title}</td><td>{note}</td><td>{one.objects}</td></tr>")
            parts.append("</tbody></table>")
        parts.append("</div>")
        return self._page(self._words["title"], "\n".join(parts), f"{FOLDER}/VIEW.CSS")


def _facts(pairs: tuple[tuple[str, str], ...]) -> str:
    return " · ".join(f"{word} {value}" for word, value in pairs if value)


def _text(ds: Dataset, keyword: str) -> str:
    from shared.imaging.header import text_of

    return text_of(ds, keyword).strip()


def _shown_name(name: str) -> str:
    from shared.dicomkit.names import shown_name

    return shown_name(name)


def _shown_date(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if len(text) == 8 and text.isdecimal() else text


def _only_fragment(part10: bytes) -> bytes:
    from pydicom import dcmread
    from pydicom.encaps import generate_fragments

    pixels = dcmread(BytesIO(part10)).PixelData
    return b"".join(list(generate_fragments(pixels))[1:])


def _document(part10: bytes) -> bytes:
    from pydicom import dcmread

    from shared.dicomkit.encapsulated_pdf import pdf_of

    data = pdf_of(dcmread(BytesIO(part10)))
    return data if data.startswith(b"%PDF-") else b""


def _rendered(parsed: Any, header: Any, index: int) -> tuple[str, dict[str, Any]]:
    """A frame as data URI, and what the viewer must know of it."""
    import numpy as np

    from shared.imaging.codecs import decode_frame
    from shared.imaging.lut import Window, window_of_pixels

    form = header.pixel_format
    pixels = decode_frame(parsed.frame(index, form.native_bytes), form, parsed.transfer_syntax)
    frame = header.frames[min(index, len(header.frames) - 1)]
    facts: dict[str, Any] = {"k": "c"}
    spacing = frame.spacing
    if spacing.row_mm > 0 and spacing.column_mm > 0 and abs(spacing.row_mm / spacing.column_mm - 1) > 0.001:
        facts["a"] = round(spacing.row_mm / spacing.column_mm, 4)
    if frame.plane is not None:
        facts["z"] = f"{frame.plane.depth_mm:.1f} mm"
    if pixels.ndim == 3:
        return _jpeg(_smaller(np.ascontiguousarray(pixels[..., ::-1]).astype(np.uint8))), facts
    voi = next((one for one in frame.voi if isinstance(one, Window)), None)
    window = voi or window_of_pixels(pixels, frame.modality, header.padding)
    facts.update({"l": round(window.centre, 3), "w": round(window.width, 3)})
    if header.inverted:
        facts["v"] = 1
    values = frame.modality(pixels).astype(np.float32)
    low, high = float(values.min()), float(values.max())
    scale, shift = 1.0, 0.0
    if low < -32768 or high > 32767 or not np.array_equal(values, np.rint(values)):
        scale = (high - low) / 65535.0 or 1.0
        shift = low + 32768 * scale
    packed = np.clip(np.rint((_smaller(values) - shift) / scale) + 32768, 0, 65535).astype(np.uint16)
    facts.update({"k": "w", "s": scale, "i": shift})
    coloured = np.zeros((*packed.shape, 3), np.uint8)
    coloured[..., 2], coloured[..., 1] = packed >> 8, packed & 255  # OpenCV's order is blue, green, red
    return _png(coloured), facts


def _thumbnail(picture: str, facts: dict[str, Any]) -> str:
    import cv2
    import numpy as np

    coded = np.frombuffer(base64.b64decode(picture.partition(",")[2]), np.uint8)
    pixels = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    if pixels is None:
        return ""
    if facts["k"] == "w":
        values = (pixels[..., 2].astype(np.float32) * 256 + pixels[..., 1] - 32768) * facts["s"] + facts["i"]
        grey = np.clip(((values - facts["l"] + 0.5) / max(facts["w"] - 1, 1e-6) + 0.5) * 255, 0, 255)
        pixels = (255 - grey if facts.get("v") else grey).astype(np.uint8)
    share = 112 / max(pixels.shape[:2])
    size = (max(round(pixels.shape[1] * share), 1), max(round(pixels.shape[0] * share), 1))
    return _jpeg(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))


def _smaller(pixels: Any) -> Any:
    import cv2

    rows, columns = pixels.shape[:2]
    share = MAX_EDGE / max(rows, columns)
    if share >= 1:
        return pixels
    size = (max(round(columns * share), 1), max(round(rows * share), 1))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def _png(pixels: Any) -> str:
    import cv2

    done, coded = cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 4])
    if not done:
        raise ValueError("the picture cannot be encoded")
    return "data:image/png;base64," + base64.b64encode(coded.tobytes()).decode()


def _jpeg(pixels: Any) -> str:
    import cv2

    done, coded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 88])
    if not done:
        raise ValueError("the picture cannot be encoded")
    return "data:image/jpeg;base64," + base64.b64encode(coded.tobytes()).decode()
