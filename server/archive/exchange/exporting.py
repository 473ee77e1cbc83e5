"""The job that exports: objects of the archive into zips, file-sets with DICOMDIR, images to burn, or a folder.

Names of files are numbers: nothing of a name comes from the data. An export that was killed begins again; what it
makes gets its final name when it is whole.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import select, update

from server.archive.exchange.anonymise import Anonymiser
from server.archive.exchange.portable import PortableReader
from server.archive.exchange.pseudonyms import remember
from server.archive.exchange.tables import Export
from server.archive.exchange.traces import NotAnonymised
from server.archive.objects import ArchivedObject, ArchiveObjects
from server.archive.receive import ObjectName, file_meta
from server.kernel.database import Database
from server.kernel.jobs import JobContext, JobFailed, JobRetry
from server.kernel.storage.port import StorageError, StorageFull
from server.kernel.storage.space import SpaceGuard
from shared.contract.exchange import Packing, StartExport
from shared.dicomkit.directory import Directory

if TYPE_CHECKING:
    from pydicom import Dataset

logger = logging.getLogger(__name__)

KEPT = timedelta(days=7)
MAX_WARNINGS = 50
_NATIVE = frozenset({"1.2.840.10008.1.2", "1.2.840.10008.1.2.1"})
_EXPLICIT = "1.2.840.10008.1.2.1"
_IN_PROFILES = _NATIVE | frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 57, 70, 90, 91, 100, 101, 102, 103))
"""Transfer syntaxes of the general purpose media profiles (PS3.11 Annexes D, G, H, J, K)."""
_README = (
    "DICOM IMAGES / 医学影像\r\n\r\n"
    "This medium holds DICOM images (DICOM PS3.10 file-set, see DICOMDIR).\r\n"
    "Open INDEX.HTM in a browser to look at them without installation; for diagnosis import the\r\n"
    "medium into medical imaging software. The images are confidential patient data.\r\n\r\n"
    "本介质含有 DICOM 影像（文件集目录为 DICOMDIR）。用浏览器打开 INDEX.HTM 即可查看，无需安装；\r\n"
    "诊断请将本介质导入医用影像软件。影像属于患者隐私，请妥善保管。\r\n"
)

Decode = Callable[[bytes, str], bytes]
"""A data set (no preamble, no file meta) and its syntax to the same in Explicit VR Little Endian, uncompressed.
Raises ValueError when it cannot be decoded."""


@dataclass(slots=True)
class _Report:
    """What is counted while the export runs."""

    objects: int = 0
    bytes: int = 0
    warnings: dict[str, int] = field(default_factory=dict)

    def warn(self, sentence: str) -> None:
        if sentence in self.warnings or len(self.warnings) < MAX_WARNINGS:
            self.warnings[sentence] = self.warnings.get(sentence, 0) + 1

    def said(self) -> list[str]:
        return [text if count == 1 else f"{text} ({count}×)" for text, count in self.warnings.items()]


class Exporter:
    """Runs export jobs. One per process."""

    def __init__(
        self,
        database: Database,
        objects: ArchiveObjects,
        *,
        folder: Path,
        secret: bytes,
        decode: Decode,
        reserve_bytes: int,
        check_folder: Callable[[str], Path],
    ) -> None:
        """`secret`: the key of anonymising. `check_folder` gives a folder that the settings allow, or refuses."""
        self._database = database
        self._objects = objects
        self._folder = folder
        self._secret = secret
        self._decode = decode
        self._space = SpaceGuard(folder, reserve_bytes)
        self._check_folder = check_folder

    def run(self, context: JobContext) -> str:
        """The handler of the job; see server.kernel.jobs."""
        export_id = int(context.payload["export_id"])
        with self._database.read() as uow:
            row = uow.session.get(Export, export_id)
            if row is None:
                raise JobFailed("导出记录已被删除。")
            plan = msgspec.convert(row.plan, StartExport)
        target = self._folder / str(export_id)
        shutil.rmtree(target, ignore_errors=True)
        work = target / "work"
        work.mkdir(parents=True)
        report = _Report()
        try:
            files = self._export(plan, work, target, report, context)
        except StorageFull as full:
            raise JobRetry("磁盘空间不足，清理后会自动继续。", 300) from full
        finally:
            shutil.rmtree(work, ignore_errors=True)
        with self._database.write() as uow:
            values = {"files": files, "objects": report.objects, "bytes": report.bytes, "warnings": report.said()}
            values["kept_until"] = datetime.now(UTC) + KEPT if files else None
            uow.session.execute(update(Export).where(Export.id == export_id).values(**values))
        if not report.objects:
            raise JobFailed("没有可导出的图像：" + ("；".join(report.said()[:3]) or "归档中没有这些图像。"))
        return f"导出完成：{report.objects} 个对象，{report.bytes / 1e6:.1f} MB。"

    def _export(
        self, plan: StartExport, work: Path, target: Path, report: _Report, context: JobContext
    ) -> list[dict[str, Any]]:
        volumes = _Volumes(plan, work)
        listed = self._objects.objects(
            study_uids=plan.study_uids, series_uids=plan.series_uids, instance_uids=plan.instance_uids
        )
        for number, (part10, header) in enumerate(self._prepared(plan, listed, report)):
            context.step(number, len(listed), f"已导出 {number} / {len(listed)} 个对象")
            if number % 20 == 0:
                self._space.require(4 * len(part10))
            volumes.add(part10, header, report)
            report.objects += 1
            report.bytes += len(part10)
        if not report.objects:
            return []
        volumes.close()
        context.step(len(listed), len(listed), "正在打包…")
        if plan.packing is Packing.FOLDER:
            self._put_in_folder(volumes.folders, plan.folder)
            return []
        count = len(volumes.folders)
        return [self._packed(plan, one, target, n, count, context) for n, one in enumerate(volumes.folders)]

    def _prepared(
        self, plan: StartExport, listed: Sequence[ArchivedObject], report: _Report
    ) -> Iterator[tuple[bytes, Dataset]]:
        """The objects as they go out: decoded and anonymised where asked for; what cannot be is left out and said."""
        anonymiser = Anonymiser(self._secret, plan.anonymise, self._decoded_file) if plan.anonymise else None
        for one in listed:
            try:
                part10 = self._read(one, plan)
                if anonymiser is not None:
                    made = anonymiser.anonymise(part10)
                    remember(self._database, anonymiser.plan.project, made)
                    for warning in made.warnings:
                        report.warn(warning)
                    part10 = made.data
            except NotAnonymised as refused:
                report.warn(f"未导出：{refused}")
                continue
            except (OSError, StorageError) as trouble:
                logger.warning("export: an object cannot be read: %s", trouble)
                report.warn("未导出：有对象的文件无法读取，请运行归档检查。")
                continue
            except ValueError:
                report.warn("未导出：有图像无法解压缩；可不选“解压缩”再导出。")
                continue
            header = _header(part10)
            syntax = str(header.file_meta.TransferSyntaxUID)
            if plan.packing is not Packing.FILES and syntax not in _IN_PROFILES:
                report.warn(f"传输语法 {syntax} 不属于通用介质规范，旧软件可能打不开；可选择“解压缩”。")
            yield part10, header

    def _read(self, one: ArchivedObject, plan: StartExport) -> bytes:
        with one.open() as view:
            data, syntax = bytes(view), one.transfer_syntax_uid
        if plan.uncompressed and syntax not in _NATIVE:
            data, syntax = self._decode(data, syntax), _EXPLICIT
        return file_meta(ObjectName(one.sop_class_uid, one.sop_instance_uid, syntax)) + data

    def _decoded_file(self, part10: bytes, syntax: str) -> bytes:
        """For anonymising: a Part 10 file to a data set in Explicit VR Little Endian."""
        from server.archive.part10 import read_meta

        return self._decode(part10[read_meta(part10)[1] :], syntax)

    def _packed(
        self, plan: StartExport, folder: Path, target: Path, number: int, count: int, context: JobContext
    ) -> dict[str, Any]:
        ending = "iso" if plan.packing is Packing.ISO else "zip"
        final = target / f"{number}.out"
        partial = target / f"{number}.part"
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        self._space.require(size)
        if plan.packing is Packing.ISO:
            from server.archive.exchange.iso import write_iso

            write_iso(folder, partial, _volume_name(number, count))
        else:
            _write_zip(folder, partial, context.step)
        shutil.rmtree(folder)
        digest = hashlib.sha256()
        with partial.open("r+b") as file:
            while block := file.read(1 << 20):
                digest.update(block)
            os.fsync(file.fileno())
        partial.replace(final)
        name = f"{_volume_name(number, count).lower()}.{ending}"
        return {"name": name, "size_bytes": final.stat().st_size, "sha256": digest.hexdigest()}

    def _put_in_folder(self, folders: Sequence[Path], text: str) -> None:
        target = self._check_folder(text)
        target.mkdir(parents=True, exist_ok=True)
        if any(target.iterdir()):
            raise JobFailed("目标文件夹不是空的；请换一个空文件夹，以免混入旧文件。")
        for folder in folders:
            place = target / folder.name if len(folders) > 1 else target
            shutil.copytree(folder, place, dirs_exist_ok=True)


def forget_old_exports(database: Database, folder: Path) -> int:
    """Delete what exports made once its time is over, and folders that no row names. Returns how many went."""
    with database.write() as uow:
        over = select(Export).where(Export.kept_until.is_not(None), Export.kept_until < datetime.now(UTC))
        gone = {row.id for row in uow.session.execute(over).scalars()}
        for row in uow.session.execute(over.where(Export.id.in_(gone))).scalars():
            row.files = []
        known = set(uow.session.execute(select(Export.id)).scalars())
    count = 0
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name.isdecimal() and (int(path.name) in gone or int(path.name) not in known):
            shutil.rmtree(path, ignore_errors=True)
            count += 1
    return count


class _Volumes:
    """Lays objects into folders, one for each medium."""

    def __init__(self, plan: StartExport, work: Path) -> None:
        self._plan = plan
        self._work = work
        self._places: dict[tuple[str, ...], int] = {}
        self._directory: Directory | None = None
        self._reader: PortableReader | None = None
        self._finished: list[tuple[Directory, PortableReader, Path]] = []
        self._size = 0
        self.folders: list[Path] = []

    def add(self, part10: bytes, header: Dataset, report: _Report) -> None:
        if self._directory is None or self._reader is None or self._is_full(len(part10)):
            self._open()
        assert self._directory is not None and self._reader is not None
        place = self._place(header)
        path = self.folders[-1].joinpath(*place)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(part10)
        self._size += len(part10) + 4096  # a file takes whole blocks of a medium
        if not self._directory.add(header, place):
            report.warn("有对象不属于 DICOMDIR 可列出的类型，只作为文件导出。")
        self._reader.add(part10, header)

    def close(self) -> None:
        """Write the directories and pages of all volumes."""
        for number, (directory, reader, folder) in enumerate(self._finished):
            directory.file_set_id = _volume_name(number, len(self._finished))
            (folder / "DICOMDIR").write_bytes(directory.to_bytes())
            (folder / "README.TXT").write_text(_README, encoding="utf-8-sig", newline="")
            reader.finish(number + 1, len(self._finished))

    def _open(self) -> None:
        folder = self._work / f"VOL{len(self.folders) + 1:03d}"
        folder.mkdir()
        self.folders.append(folder)
        self._directory = Directory("")
        self._reader = PortableReader(folder, self._plan.language, with_pictures=self._plan.viewer)
        self._finished.append((self._directory, self._reader, folder))
        self._places = {}
        self._size = 0

    def _is_full(self, more: int) -> bool:
        assert self._directory is not None and self._reader is not None
        limit = self._plan.volume_bytes
        if not limit:
            return False
        # pictures of the reader may take as much as the object itself
        more = more * 2 + (1 << 20) if self._plan.viewer else more + 4096
        return self._size + self._directory.size + self._reader.size + more > limit * 0.99

    def _place(self, header: Dataset) -> tuple[str, ...]:
        """Where an object lies: numbers of eight characters at most (PS3.10 8.2, PS3.12 F)."""
        study, series = str(header.get("StudyInstanceUID")), str(header.get("SeriesInstanceUID"))
        patient = (str(header.get("PatientID") or study),)
        levels = (patient, (*patient, study), (*patient, study, series))
        numbers = [self._number(level[:-1], level) for level in levels]
        last = self._number(levels[-1], (*levels[-1], str(header.get("SOPInstanceUID"))))
        names = [f"{prefix}{n:06d}" for prefix, n in zip(("PA", "ST", "SE"), numbers, strict=True)]
        return ("DICOM", *names, f"IM{last:06d}")

    def _number(self, parent: tuple[str, ...], key: tuple[str, ...]) -> int:
        """The number of `key` among the children of `parent`, from 1."""
        if key not in self._places:
            counter = ("count", *parent)
            self._places[counter] = self._places.get(counter, 0) + 1
            self._places[key] = self._places[counter]
        return self._places[key]


def _header(part10: bytes) -> Dataset:
    import pydicom

    from shared.imaging.frames import careful_reading

    with careful_reading():
        return pydicom.dcmread(BytesIO(part10), stop_before_pixels=True)


def _volume_name(number: int, count: int) -> str:
    return "IMAGES" if count == 1 else f"IMAGES_{number + 1}_OF_{count}"


def _write_zip(folder: Path, target: Path, step: Callable[[], None]) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1, allowZip64=True) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder).as_posix())
                step()
