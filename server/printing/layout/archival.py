"""Makes reportlab's PDFs conform to PDF/A-2u (ISO 19005-2): metadata, output intent, clean streams, tagged text."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape

_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
<pdfaid:part>2</pdfaid:part><pdfaid:conformance>U</pdfaid:conformance>
<dc:format>application/pdf</dc:format>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{subject}</rdf:li></rdf:Alt></dc:description>
<dc:language><rdf:Bag><rdf:li>{language}</rdf:li></rdf:Bag></dc:language>
<xmp:CreateDate>{made_at}</xmp:CreateDate><xmp:ModifyDate>{made_at}</xmp:ModifyDate>
<xmp:CreatorTool>{tool}</xmp:CreatorTool><pdf:Producer>{producer}</pdf:Producer>
</rdf:Description></rdf:RDF></x:xmpmeta>
{room}<?xpacket end="w"?>"""


@lru_cache(maxsize=1)
def _srgb() -> bytes:
    """An ICC profile of sRGB (IEC 61966-2-1), with fixed bytes: the same document is the same file at any time."""
    from PIL import ImageCms

    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes.fromhex("07ea00010001000000000000")  # the moment it was made: 2026-01-01
    profile[84:100] = bytes(16)  # the profile's id, a hash that may be zero (ICC.1 7.2.18)
    return bytes(profile)


@lru_cache(maxsize=1)
def mend_streams() -> None:
    """Let reportlab end streams with a line feed before `endstream`, as ISO 19005-2 6.1.7.1 asks."""
    from reportlab.pdfbase import pdfdoc

    theirs = pdfdoc.PDFStream.format

    def mended(stream: Any, document: Any) -> bytes:
        written: bytes = theirs(stream, document)
        ending = b"endstream\n"
        return written[: -len(ending)] + b"\n" + ending if written.endswith(ending) else written

    pdfdoc.PDFStream.format = mended


def mend_widths(face: Any) -> None:
    """Give the glyphs behind the last full metric their width in the font's own units; reportlab stores it scaled."""
    import struct

    count = struct.unpack(">H", face.get_table("hhea")[34:36])[0]
    width = face.hmetrics[count - 1][0]
    face.hmetrics[count:] = [(width, bearing) for _, bearing in face.hmetrics[count:]]


def make_archival(
    canvas: Any, *, title: str, author: str, subject: str, tool: str, producer: str, made_at: dt.datetime, language: str
) -> None:
    """Give a reportlab canvas, before it is saved, what PDF/A-2u needs."""
    from reportlab.pdfbase import pdfdoc

    mend_streams()
    document = canvas._doc
    catalog = document.Catalog
    moment = made_at if made_at.tzinfo else made_at.replace(tzinfo=dt.UTC)
    words = {"title": title, "author": author, "subject": subject, "tool": tool, "producer": producer}
    xmp = _XMP.format(
        language=language,
        made_at=moment.isoformat(timespec="seconds"),
        room="",
        **{key: escape(_xml_text(value)) for key, value in words.items()},
    )
    metadata = _stream({"Type": pdfdoc.PDFName("Metadata"), "Subtype": pdfdoc.PDFName("XML")}, xmp.encode("utf-8"))
    catalog.Metadata = document.Reference(metadata, "mingjing:metadata")
    profile = _stream({"N": 3}, _srgb(), compressed=True)
    intent = pdfdoc.PDFDictionary(
        {
            "Type": pdfdoc.PDFName("OutputIntent"),
            "S": pdfdoc.PDFName("GTS_PDFA1"),
            "OutputConditionIdentifier": pdfdoc.PDFString("sRGB IEC61966-2.1"),
            "Info": pdfdoc.PDFString("sRGB IEC61966-2.1"),
            "RegistryName": pdfdoc.PDFString("http://www.color.org"),
            "DestOutputProfile": document.Reference(profile, "mingjing:srgb"),
        }
    )
    catalog.OutputIntents = pdfdoc.PDFArray([intent])
    catalog.__NoDefault__ = [*catalog.__NoDefault__, "OutputIntents"]


def _xml_text(text: str) -> str:
    return "".join(c for c in text if c >= " " and not 0xD800 <= ord(c) <= 0xDFFF and c not in "\ufffe\uffff")


def _stream(entries: dict[str, Any], content: bytes, *, compressed: bool = False) -> Any:
    from reportlab.pdfbase import pdfdoc

    stream = pdfdoc.PDFStream()
    stream.dictionary = pdfdoc.PDFDictionary(entries)
    stream.content = content
    if compressed:
        stream.filters = [pdfdoc.PDFZCompress]
    return stream
