"""Documents of a study as pages: read in a worker, built in the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QFileDialog, QPushButton, QWidget

from clients.kit.translations import tr
from clients.viewer.objects import prose
from clients.viewer.objects.book import ObjectSource
from clients.viewer.objects.page import DocumentPage, TextPage
from clients.viewer.objects.registry import Kind, class_name, kind_of
from clients.viewer.study import ObjectDescription, StudyDescription

if TYPE_CHECKING:
    from clients.viewer.tiles import TiledObject
    from shared.imaging.frames import Part10
    from shared.imaging.slides import Slide
    from shared.imaging.waveforms import Waveform


@dataclass(frozen=True, slots=True)
class Document:
    """What was read of an object, ready to be shown; one of the last fields is set."""

    title: str
    html: str = ""
    pdf: bytes = b""
    waveform: Waveform | None = None
    slide: Slide | None = None
    objects: dict[str, TiledObject] | None = None
    attachment: tuple[str, bytes] | None = None  # file name and bytes that can be saved


def read_document(
    source: ObjectSource, described: ObjectDescription, study: StudyDescription, images: frozenset[str]
) -> Document:
    """Fetch and read; ``images`` are SOP Instance UIDs that can be opened. For a worker thread.

    Raises ``SourceFailed`` and reading errors with a sentence.
    """
    from shared.imaging.frames import careful_reading

    kind = kind_of(described.sop_class_uid)
    if kind is Kind.SLIDE:
        return _slide(source, described, study)
    part10 = source.object(described.sop_instance_uid)
    with careful_reading():
        return _read(part10, described, kind, images)


def _read(part10: Part10, described: ObjectDescription, kind: Kind, images: frozenset[str]) -> Document:
    from shared.dicomkit.content_reading import report_of
    from shared.imaging.radiotherapy import plan_of
    from shared.imaging.values import bytes_of
    from shared.imaging.waveforms import waveform_of

    ds, title = part10.header, described.title
    if kind is Kind.PDF:
        content = bytes_of(ds, "EncapsulatedDocument")
        return Document(title, pdf=content, attachment=(f"{_safe(title)}.pdf", content))
    if kind is Kind.REPORT:
        report = report_of(ds)
        return Document(report.title or title, html=prose.report_html(report, images))
    if kind is Kind.KEY_OBJECTS:
        report = report_of(ds)
        return Document(report.title or title, html=prose.key_objects_html(report, images))
    if kind is Kind.PLAN:
        return Document(title, html=prose.plan_html(plan_of(ds)))
    if kind is Kind.WAVEFORM:
        return Document(title, waveform=waveform_of(ds))
    name = class_name(described.sop_class_uid) or tr("未知对象")
    content = bytes_of(ds, "EncapsulatedDocument")
    sentence = _sentence(content, bool(described.sop_class_uid))
    ending = {"model/stl": ".stl", "text/XML": ".xml", "text/xml": ".xml", "model/obj": ".obj"}.get(
        str(ds.get("MIMETypeOfEncapsulatedDocument", "")), ".bin"
    )
    attachment = (_safe(title) + ending, content) if content else None
    return Document(title or name, html=prose.unknown_html(name, sentence, ds), attachment=attachment)


def _sentence(content: bytes, has_class: bool) -> str:
    if content:
        return tr("这种封装文档不能在此显示；可以另存为文件，用相应的程序打开")
    if not has_class:
        return tr("文件没有说明对象的类别；以下是它的标签")
    return tr("阅片器不显示这类对象；以下是它的标签")


def _slide(source: ObjectSource, described: ObjectDescription, study: StudyDescription) -> Document:
    from shared.imaging.codecs import UndecodableFrame
    from shared.imaging.frames import careful_reading
    from shared.imaging.slides import level_of, slide_of

    series = [one for one in study.objects if one.series_uid == described.series_uid]
    members = [one for one in series if kind_of(one.sop_class_uid) is Kind.SLIDE]
    objects: dict[str, TiledObject] = {}
    levels = []
    opened: Callable[[str], TiledObject] = getattr(source, "tiled", source.object)
    for one in members or [described]:
        part10 = opened(one.sop_instance_uid)
        try:
            with careful_reading():
                level = level_of(part10.header, part10.transfer_syntax)
        except UndecodableFrame:
            if one is described:
                raise
            continue
        levels.append(level)
        objects[level.sop_instance_uid] = part10
    slide = slide_of(levels, described.title)
    if not slide.levels:  # a label alone is a slide too
        slide = slide_of([replace(level, flavour="VOLUME") for level in levels], described.title)
    return Document(described.title, slide=slide, objects=objects)


def build_page(document: Document, open_image: Callable[[str, int], object]) -> DocumentPage:
    """The page of a document; in the GUI thread."""
    extra: list[QWidget] = []
    content = _content(document, open_image, extra)
    if document.attachment is not None:
        extra.append(_save_button(*document.attachment))
    return DocumentPage(document.title, content, tuple(extra))


def _content(document: Document, open_image: Callable[[str, int], object], extra: list[QWidget]) -> QWidget:
    if document.pdf:
        from clients.kit.pdf_preview import PdfPreview

        preview = PdfPreview()
        preview.show_pdf(document.pdf)
        return preview
    if document.waveform is not None:
        from clients.viewer.objects.waveform_view import WaveformView

        view = WaveformView(document.waveform)
        if len(document.waveform.groups) > 1:
            extra.append(_group_choice(view, document.waveform))
        return view
    if document.slide is not None and document.objects is not None:
        from clients.viewer.objects.slide_view import SlideView

        return SlideView(document.slide, document.objects)
    return TextPage(document.html or f"<p>{tr('文档没有内容')}</p>", open_image)


def _group_choice(view: QWidget, waveform: Waveform) -> QComboBox:
    from clients.viewer.objects.waveform_view import WaveformView

    assert isinstance(view, WaveformView)
    box = QComboBox()
    for n, group in enumerate(waveform.groups):
        box.addItem(group.label or tr("第 {n} 组", n=n + 1))
    box.currentIndexChanged.connect(view.show_group)
    return box


def _save_button(name: str, content: bytes) -> QPushButton:
    button = QPushButton(tr("另存为…"))
    button.setObjectName("document.save")

    def save() -> None:
        chosen, _ = QFileDialog.getSaveFileName(button, tr("另存为…"), name)
        if chosen:
            Path(chosen).write_bytes(content)

    button.clicked.connect(save)
    return button


def _safe(title: str) -> str:
    return "".join(c if c.isalnum() or c in " -_" else "_" for c in title)[:80].strip() or "document"
