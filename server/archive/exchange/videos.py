"""Turns MPEG-2, H.264 and HEVC files into Video Photographic images (PS3.3 A.32.7) in the syntax that their stream is.

Nothing is decoded: sizes, rates, profiles and levels come from the containers and the first headers of the streams.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from server.archive.exchange.pictures import Making
from server.archive.exchange.reading import NotReadable
from shared.dicomkit import headers
from shared.dicomkit.headers import EquipmentFacts

VIDEO_PHOTOGRAPH = "1.2.840.10008.5.1.4.1.1.77.1.4.1"
MAX_VIDEO_BYTES = 4 << 30
_MAX_FRAGMENT = 0xFFFFFFFE
_BOXES = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl"})
_MAX_BOXES = 20_000
_PICTURE = re.compile(rb"\x00\x00\x01\x00.(.)", re.DOTALL)  # start code, then 10 bits of order and 3 of the coding type
_MPEG2_RATES = {1: Fraction(24000, 1001), 2: Fraction(24), 3: Fraction(25), 4: Fraction(30000, 1001), 5: Fraction(30)}
_MPEG2_RATES |= {6: Fraction(50), 7: Fraction(60000, 1001), 8: Fraction(60)}


@dataclass(frozen=True, slots=True)
class Film:
    """What a video's headers say. `method` is the code of (0028,2114), PS3.3 C.7.6.1.1.5.2."""

    rows: int
    columns: int
    frames: int
    rate: Fraction
    transfer_syntax_uid: str
    method: str


def video(data: memoryview, kind: str, making: Making) -> bytes:
    """A Part 10 file of the video, its bytes untouched. Raises NotReadable."""
    if len(data) > MAX_VIDEO_BYTES - 2:
        raise NotReadable("视频超过 4 GB，请分段后再导入。")
    from pydicom.dataset import Dataset
    from pydicom.uid import UID

    film = film_of(data, kind)
    made = headers.new_object(
        VIDEO_PHOTOGRAPH,
        making.modality or "XC",
        patient=making.patient,
        study=making.study,
        series=making.series,
        equipment=EquipmentFacts(),
        made_at=making.made_at,
        sop_uid=making.sop_uid,
        instance_number=making.number,
    )
    made.ImageType = ["ORIGINAL", "PRIMARY"]
    made.AcquisitionContextSequence = []
    made.PatientOrientation = ""
    made.BurnedInAnnotation = "YES"
    region = Dataset()
    region.CodeValue, region.CodingSchemeDesignator, region.CodeMeaning = "38266002", "SCT", "Entire body"
    made.AnatomicRegionSequence = [region]  # required of videos (PS3.3 C.8.12.1); nobody says more here
    made.SamplesPerPixel, made.PhotometricInterpretation, made.PlanarConfiguration = 3, "YBR_PARTIAL_420", 0
    made.Rows, made.Columns, made.NumberOfFrames = film.rows, film.columns, film.frames
    made.BitsAllocated = made.BitsStored = 8
    made.HighBit, made.PixelRepresentation = 7, 0
    made.FrameIncrementPointer = 0x00181063
    made.FrameTime = f"{float(1000 / film.rate):.6g}"
    made.CineRate = made.RecommendedDisplayFrameRate = max(round(film.rate), 1)
    made.StartTrim, made.StopTrim = 1, film.frames
    made.LossyImageCompression = "01"
    plain = film.rows * film.columns * 3 // 2 * film.frames
    made.LossyImageCompressionRatio = f"{max(plain / len(data), 1):.2f}"
    made.LossyImageCompressionMethod = film.method
    padded = bytes(data) + b"\0" * (len(data) % 2)
    # one fragment after an empty offset table (PS3.5 A.4.6, 8.2.7)
    made.PixelData = b"\xfe\xff\x00\xe0\0\0\0\0" + b"\xfe\xff\x00\xe0" + struct.pack("<I", len(padded)) + padded
    made["PixelData"].VR = "OB"
    made["PixelData"].is_undefined_length = True
    made.file_meta.TransferSyntaxUID = UID(film.transfer_syntax_uid)
    return headers.to_bytes(made)


def film_of(data: memoryview, kind: str) -> Film:
    """What the headers say. Raises NotReadable for streams that DICOM has no transfer syntax for."""
    try:
        return _mp4(data) if kind == "mp4" else _mpeg2(data)
    except (struct.error, IndexError, ZeroDivisionError) as bad:
        raise NotReadable("视频文件损坏，无法读取。") from bad


# MP4


def _mp4(data: memoryview) -> Film:
    track: dict[bytes, memoryview] = {}
    for path, body in _boxes(data, 0, len(data), b"", [0]):
        if path == b"trak":
            if _is_video(track):
                break
            track = {}
        else:
            track.setdefault(path, body)
    if not _is_video(track):
        raise NotReadable("MP4 文件中没有视频轨道。")
    for needed in (b"mdhd", b"stsd", b"stts"):
        if needed not in track:
            raise NotReadable("视频文件不完整（缺少索引），可能录制时中断。")
    frames, ticks = 0, 0
    entries = struct.unpack_from(">I", track[b"stts"], 4)[0]
    for index in range(min(entries, (len(track[b"stts"]) - 8) // 8)):
        count, delta = struct.unpack_from(">II", track[b"stts"], 8 + 8 * index)
        frames, ticks = frames + count, ticks + count * delta
    timescale = struct.unpack_from(">I", track[b"mdhd"], 20 if track[b"mdhd"][0] == 1 else 12)[0]
    if not 0 < frames < 2**31 or not ticks or not timescale:
        raise NotReadable("视频没有完整的时间信息（分片录制的 MP4）；请用转换工具重新封装后再导入。")
    rate = Fraction(frames * timescale, ticks)
    description = track[b"stsd"]
    coding = bytes(description[12:16])
    columns, rows = struct.unpack_from(">HH", description, 40)
    inner = dict(_plain_boxes(description, 8 + 86))
    if coding in (b"avc1", b"avc3") and b"avcC" in inner:
        syntax, method = _h264(inner[b"avcC"]), "ISO_14496_10"
    elif coding in (b"hvc1", b"hev1") and b"hvcC" in inner:
        syntax, method = _hevc(inner[b"hvcC"]), "ISO_23008_2"
    else:
        name = coding.decode("ascii", "replace")
        raise NotReadable(f"视频编码“{name}”在 DICOM 中没有传输语法；请转成 H.264（High，4.2 级以下）后再导入。")
    if not rows or not columns:
        raise NotReadable("视频没有画面大小，无法导入。")
    return Film(rows, columns, frames, rate, syntax, method)


def _is_video(track: dict[bytes, memoryview]) -> bool:
    return b"hdlr" in track and bytes(track[b"hdlr"][8:12]) == b"vide"


def _boxes(data: memoryview, start: int, end: int, path: bytes, count: list[int]) -> Iterator[tuple[bytes, memoryview]]:
    """The boxes that matter, in order; a track is announced before what it holds."""
    while start + 8 <= end:
        count[0] += 1
        if count[0] > _MAX_BOXES:
            raise NotReadable("视频文件的结构异常，未导入。")
        size, kind, head = int.from_bytes(data[start : start + 4], "big"), bytes(data[start + 4 : start + 8]), 8
        if size == 1:
            size, head = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        elif size == 0:
            size = end - start
        if size < head or start + size > end:
            if kind == b"mdat":
                return
            raise NotReadable("视频文件不完整，可能传输时中断。")
        if kind in _BOXES:
            if kind == b"trak":
                yield kind, data[0:0]
            yield from _boxes(data, start + head, start + size, kind, count)
        elif path:
            yield kind, data[start + head : start + size]
        start += size


def _plain_boxes(data: memoryview, start: int) -> Iterator[tuple[bytes, memoryview]]:
    while start + 8 <= len(data):
        size = int.from_bytes(data[start : start + 4], "big")
        if size < 8:
            return
        yield bytes(data[start + 4 : start + 8]), data[start + 8 : start + size]
        start += size


def _h264(record: memoryview) -> str:
    """Transfer syntaxes of PS3.5 10.7 to 10.9 by profile and level (ISO 14496-15 AVCDecoderConfigurationRecord)."""
    profile, level = record[1], record[3]
    if profile not in (66, 77, 100):
        raise NotReadable(f"H.264 的 Profile {profile} 不受 DICOM 支持；请转成 High Profile。")
    if level <= 41:
        return "1.2.840.10008.1.2.4.102"
    if level <= 42:
        return "1.2.840.10008.1.2.4.104"
    raise NotReadable(f"H.264 级别 {level / 10:.1f} 超过 DICOM 的上限 4.2；请降低分辨率或帧率后再导入。")


def _hevc(record: memoryview) -> str:
    """Transfer syntaxes of PS3.5 10.11 and 10.12; the level is 30 times its number."""
    profile, level = record[1] & 31, record[12]
    if level > 153:
        raise NotReadable(f"HEVC 级别 {level / 30:.1f} 超过 DICOM 的上限 5.1；请降低分辨率或帧率后再导入。")
    if profile == 1:
        return "1.2.840.10008.1.2.4.107"
    if profile == 2:
        return "1.2.840.10008.1.2.4.108"
    raise NotReadable(f"HEVC 的 Profile {profile} 不受 DICOM 支持；请转成 Main Profile。")


# MPEG-2


def _mpeg2(data: memoryview) -> Film:
    """Sequence header and extension (ISO 13818-2 6.2.2), picture start codes counted."""
    whole = bytes(data)
    at = whole.find(b"\0\0\1\xb3")
    if at < 0:
        raise NotReadable("没有找到 MPEG-2 视频流。")
    packed = int.from_bytes(whole[at + 4 : at + 8], "big")
    columns, rows, rate = packed >> 20, packed >> 8 & 0xFFF, _MPEG2_RATES.get(packed & 15)
    extension = whole.find(b"\0\0\1\xb5", at, at + 200)
    if extension < 0 or whole[extension + 4] >> 4 != 1:
        raise NotReadable("MPEG-1 视频在 DICOM 中没有传输语法；请转成 H.264 后再导入。")
    indication = (whole[extension + 4] & 15) << 4 | whole[extension + 5] >> 4
    profile, level = indication >> 4 & 7, indication & 15
    frames = sum(1 for found in _PICTURE.finditer(whole) if 1 <= found.group(1)[0] >> 3 & 7 <= 3)
    if rate is None or not rows or not columns or not frames:
        raise NotReadable("MPEG-2 视频的画面信息不完整，无法导入。")
    if profile not in (4, 5):
        raise NotReadable("MPEG-2 只支持 Main Profile；请转成 H.264 后再导入。")
    if level >= 8:  # main and low level
        return Film(rows, columns, frames, rate, "1.2.840.10008.1.2.4.100", "ISO_13818_2")
    return Film(rows, columns, frames, rate, "1.2.840.10008.1.2.4.101", "ISO_13818_2")
