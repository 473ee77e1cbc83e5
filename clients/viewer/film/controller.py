"""What can be done with films, whether their page is shown or not: adding, composing, printing, export."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from clients.kit.translations import tr
from clients.viewer.film import exporting, header, sending
from clients.viewer.film.composer import Composer, FilmPage
from clients.viewer.film.header import HeaderTemplate
from clients.viewer.film.model import MOST_CELLS, Cell, FilmModel, cell_of, cell_of_image
from clients.viewer.film.sending import PackedFilm, PrintOrder
from clients.viewer.film.sheets import LANDSCAPE, PORTRAIT, SheetSetup, chosen_films, layout_of
from clients.viewer.study import Stack
from clients.viewer.viewport.corner_texts import person_name
from clients.viewer.viewport.state import Shown
from clients.viewer.viewport.transform import Geometry
from clients.viewer.volume.film_pictures import FilmPicture, PictureStack, picture_stack
from shared.contract.film import FILM_SIZES, FilmPrinter, ListFilmPrinters

if TYPE_CHECKING:
    from clients.viewer.desk import Desk
    from shared.contract.film import FilmTask

ALL, CURRENT, MARKED, RANGE = "all", "current", "marked", "range"
SETUP, TEMPLATES, HEADER, PRINTER = "film/setup", "film/templates", "film/header", "film/printer"
MOST_PICTURES = 200
SAME_TEXTS = "information.film"
FILE_DPI = 300


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked of the printer."""

    what: str = ALL
    range: str = ""
    copies: int = 1
    medium: str = ""
    priority: str = "MED"
    magnification: str = ""
    reverse: bool = False
    texts: bool = True


class FilmDesk(QObject):
    """One reader's films."""

    changed = Signal()
    """Printers, templates, options, or whether something is under way."""
    printed = Signal()
    """A task lies on the server."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.window)
        self.desk = desk
        self.model = FilmModel(_setup_of(desk.settings.get(SETUP)))
        self.options = Options()
        self.printers: tuple[FilmPrinter, ...] = ()
        self.printer_id = int(desk.settings.get(PRINTER, 0) or 0)
        self.busy = ""
        """What is under way, in words; empty for nothing."""
        self._composer: Composer | None = None
        self._pictures: list[Stack] = []  # computed for films; their pixels are nowhere else
        self._abandon: Callable[[], object] = _nothing
        """What to do with half a file when composing ends early."""
        self.templates = self._stored_templates()
        chosen = str(desk.settings.get(HEADER, header.STANDARD.name))
        self.header = next((t for t in self.templates if t.name == chosen), header.STANDARD)
        self.model.set_up(replace(self.model.setup, header_mm=self.header.height_mm))
        self.model.undo.clear()
        desk.session.studies_changed.connect(self._on_studies)

    def close(self) -> None:
        """The window closes."""
        if self._composer is not None:
            self._composer.release()
            self._composer = None

    # --- adding (VW-PRT-02)

    def add_current(self) -> None:
        """The image of the selected viewport as it is seen."""
        state = self.desk.session.active_viewport
        if state.stack is not None:
            self.add([cell_of(state.capture())])

    def add_series(self, stack: Stack | None = None, every: int = 1) -> None:
        """A series, every so many images; that of the selected viewport as it is seen there."""
        state = self.desk.session.active_viewport
        stack = stack or state.stack
        if stack is None:
            return
        if stack is state.stack:
            shown = state.capture()
            self.add([cell_of(shown.at(n)) for n in range(0, len(stack), max(1, every))])
        else:
            self.add([cell_of_image(stack, n) for n in range(0, len(stack), max(1, every))])

    def add_exam(self, stack: Stack | None = None, every: int = 1) -> None:
        """All series of a stack's study."""
        stack = stack or self.desk.session.active_viewport.stack
        if stack is not None:
            uid = stack.study.study_uid
            same = [s for s in self.desk.session.stacks if s.study.study_uid == uid]
            self.add([cell_of_image(s, n) for s in same for n in range(0, len(s), max(1, every))])

    def add_pictures(self, pictures: Sequence[FilmPicture]) -> None:
        """What a page of reformatting or volume rendering shows; computed for the film off the GUI thread."""
        if not pictures:
            self.desk.say(tr("还没有可加入胶片的画面"))
            return
        if len(self._pictures) + len(pictures) > MOST_PICTURES:
            self.desk.say(tr("胶片上最多 {n} 幅重建画面，请分几次打印", n=MOST_PICTURES))
            return

        def made(stacks: Sequence[PictureStack]) -> None:
            cells = []
            for picture, one in zip(pictures, stacks, strict=True):
                pixels = self.desk.store.of(one.stack)
                pixels.is_kept = True
                pixels.put(0, one.pixels, one.modality)
                self._pictures.append(one.stack)
                cells.append(cell_of(Shown(one.stack, 0, None, picture.inverted, picture.palette, None, Geometry())))
            self.add(cells)

        work = lambda: [picture_stack(picture, picture.make()) for picture in pictures]  # noqa: E731
        self.desk.background.run(work, made, self.desk.say, "film-pictures")

    def add(self, cells: Sequence[Cell]) -> None:
        """Put images onto films and say where they are."""
        try:
            first = self.model.add(cells)
        except ValueError:
            self.desk.say(tr("胶片上最多 {n} 幅图像，请分几次打印", n=MOST_CELLS))
            return
        if first >= 0:
            film = first // self.model.setup.layout.cells + 1
            self.desk.say(tr("已添加 {n} 幅图像，从第 {film} 张胶片开始", n=len(cells), film=film))

    # --- set-up

    def set_up(self, setup: SheetSetup) -> None:
        """Size, orientation, layout; remembered for the next time."""
        self.model.set_up(setup)
        kept = {"size": setup.size, "orientation": setup.orientation, "layout": setup.layout.spec}
        self.desk.settings.set(SETUP, kept)

    def set_options(self, **changes: Any) -> None:
        self.options = replace(self.options, **changes)
        self.changed.emit()

    @property
    def printer(self) -> FilmPrinter | None:
        """The chosen printer."""
        return next((p for p in self.printers if p.id == self.printer_id), None)

    def choose_printer(self, printer_id: int) -> None:
        """Its resolution, margins and colours hold for the films from now on."""
        self.printer_id = printer_id
        printer = self.printer
        if printer is not None:
            self.desk.settings.set(PRINTER, printer_id)
            now = self.model.setup
            size = now.size if not printer.sizes or now.size in printer.sizes else printer.sizes[0]
            colour = now.is_colour and printer.is_colour
            self.set_up(replace(now, size=size, dpi=printer.dpi, margin_mm=printer.margin_mm, is_colour=colour))
        self.changed.emit()

    def load_printers(self) -> None:
        """Ask the server which printers there are."""
        server = sending.server_of(self.desk.source)
        if server is None:
            self.printers = ()
            self.changed.emit()
            return

        def done(printers: tuple[FilmPrinter, ...]) -> None:
            self.printers = tuple(p for p in printers if p.enabled)
            known = {p.id for p in self.printers}
            first = self.printers[0].id if self.printers else 0
            self.choose_printer(self.printer_id if self.printer_id in known else first)

        self.desk.background.run(lambda: server.call(ListFilmPrinters()), done, self.desk.say, "film-printers")

    # --- heads

    def choose_header(self, name: str) -> None:
        """A template for the head of all films."""
        self.header = next((t for t in self.templates if t.name == name), header.STANDARD)
        self.desk.settings.set(HEADER, self.header.name)
        self.model.set_up(replace(self.model.setup, header_mm=self.header.height_mm))
        self.changed.emit()

    def save_header(self, template: HeaderTemplate) -> str:
        """Keep a template under its name; a sentence when it cannot be kept."""
        fault = header.fault_of(template)
        if not fault and template.name in {t.name for t in header.BUILT_IN}:
            fault = tr("这是自带的模板，请用另一个名称保存")
        own = [t for t in self.templates if t not in header.BUILT_IN and t.name != template.name]
        if not fault and len(own) >= header.MOST_TEMPLATES:
            fault = tr("模板太多，请先删除一些")
        if fault:
            return fault
        self._keep_templates([*own, template])
        self.choose_header(template.name)
        return ""

    def delete_header(self, name: str) -> None:
        self._keep_templates([t for t in self.templates if t not in header.BUILT_IN and t.name != name])
        self.choose_header(header.STANDARD.name)

    def _keep_templates(self, own: Sequence[HeaderTemplate]) -> None:
        self.desk.settings.set(TEMPLATES, [t.stored() for t in own])
        self.templates = (*header.BUILT_IN, *own)

    def _stored_templates(self) -> tuple[HeaderTemplate, ...]:
        stored = self.desk.settings.get(TEMPLATES)
        values = stored[: header.MOST_TEMPLATES] if isinstance(stored, list) else []
        own = [t for value in values if (t := HeaderTemplate.of(value)) is not None]
        return (*header.BUILT_IN, *own)

    # --- composing

    def page(self, number: int) -> FilmPage:
        """What a film shows."""
        return FilmPage(
            self.model.film(number),
            self.model.setup,
            self.header,
            number + 1,
            self.model.films,
            self.options.texts,
            self.desk.settings.get(SAME_TEXTS) is True,
        )

    def chosen(self) -> tuple[int, ...]:
        """Films to print, those without an image left out. Raises ValueError with a sentence."""
        used, options = self.model.used_films(), self.options
        if options.what == CURRENT:
            wanted: Sequence[int] = (self.model.current,)
        elif options.what == MARKED:
            wanted = sorted(self.model.marked)
        elif options.what == RANGE:
            try:
                wanted = chosen_films(options.range, self.model.films)
            except ValueError as error:
                raise ValueError(tr("没有胶片“{part}”，请写成 1-3,5", part=str(error))) from error
        else:
            wanted = used
        found = tuple(n for n in wanted if n in used)
        if not found:
            raise ValueError(tr("没有可打印的胶片：请先添加图像，或检查“打印选择”"))
        for n in found:
            if len(self.model.patients_on(n)) > 1:
                raise ValueError(tr("第 {n} 张胶片上有不同患者的图像，请分到不同的胶片", n=n + 1))
        return found

    def compose(
        self, numbers: Sequence[int], each: Callable[[int, QImage], object], done: Callable[[], object]
    ) -> None:
        """Paint films one after the other; ``each`` gets its number and picture, ``done`` is called at the end."""
        if self._composer is None:
            self._composer = Composer(self.desk, self)
        composer, left = self._composer, list(numbers)

        def next_film() -> None:
            if not left:
                done()
                return
            number = left.pop(0)
            self._work(tr("正在排版第 {n} 张，共 {count} 张…", n=len(numbers) - len(left), count=len(numbers)))

            def taken(image: QImage) -> None:
                each(number, image)
                next_film()

            composer.compose(self.page(number), taken, self._failed)

        next_film()

    def stop(self) -> None:
        """Give up what is being composed; films that lie on the server stay there."""
        if self._composer is not None:
            self._composer.stop()
        self._end_early()
        self._work("")

    def _end_early(self) -> None:
        abandon, self._abandon = self._abandon, _nothing
        abandon()

    def _failed(self, sentence: str) -> None:
        self._end_early()
        self._work("")
        self.desk.say(sentence)

    def _work(self, words: str) -> None:
        self.busy = words
        self.changed.emit()

    # --- printing and export

    def print_films(self) -> None:
        """Compose the chosen films and hand them to the server."""
        server, printer = sending.server_of(self.desk.source), self.printer
        if self.busy:
            return
        if server is None:
            self.desk.say(tr("胶片打印机经由服务器打印；未连接服务器时可导出 PDF，或用纸张打印机打印"))
            return
        if printer is None:
            self.desk.say(tr("请先选择打印节点；没有时请管理员添加"))
            return
        try:
            numbers = self.chosen()
        except ValueError as error:
            self.desk.say(str(error))
            return
        order = self._order(printer, numbers)
        true_size = any(c is not None and c.true_size for n in numbers for c in self.model.film(n))
        setup = self.model.setup
        worker = ThreadPoolExecutor(1, "film-pack")  # films are packed while the next one is composed
        packed: list[Future[PackedFilm]] = []

        def pack(image: QImage) -> PackedFilm:
            pixels, rows, columns, samples = sending.grey_bytes(image)
            return sending.packed_film(pixels, rows, columns, samples, setup, true_size=true_size)

        def upload() -> FilmTask:
            films = [one.result() for one in packed]
            worker.shutdown()
            return sending.send(server, order, films)

        def composed() -> None:
            self._work(tr("正在交给服务器…"))
            self.desk.background.run(upload, self._sent, self._failed, "film-upload")

        self.compose(numbers, lambda _n, image: packed.append(worker.submit(pack, image)), composed)

    def _sent(self, task: FilmTask) -> None:
        self._work("")
        self.desk.say(tr("{n} 张胶片已交给服务器，将由“{printer}”打印", n=task.sheets, printer=task.printer_name))
        self.printed.emit()

    def _order(self, printer: FilmPrinter, numbers: Sequence[int]) -> PrintOrder:
        studies = {c.stack.study.study_uid: c.stack.study for n in numbers for c in self.model.film(n) if c is not None}
        names = dict.fromkeys(
            f"{person_name(s.patient_name) or s.patient_id} {s.description}".strip() for s in studies.values()
        )
        options = self.options
        return PrintOrder(
            printer.id,
            "、".join(names)[:200],
            tuple(studies),
            options.copies,
            options.medium,
            options.priority,
            options.magnification,
            options.reverse,
        )

    def export(self, path: Path) -> None:
        """Write the chosen films as PDF, PNG or JPEG by the ending of the name; PDF without one."""
        if self.busy:
            return
        if path.suffix.lower() not in (".pdf", ".png", ".jpg", ".jpeg"):
            path = path.with_name(path.name + ".pdf")
        try:
            numbers = self.chosen()
        except ValueError as error:
            self.desk.say(str(error))
            return
        setup = self.model.setup
        worker = ThreadPoolExecutor(1, "film-file")  # films are written while the next one is composed
        files = exporting.FilmFiles(path, setup, single=len(numbers) == 1)
        written_films: list[Future[None]] = []

        def write() -> int:
            try:
                for one in written_films:
                    one.result()
                return worker.submit(files.finish).result()
            except BaseException:
                worker.submit(files.give_up).result()
                raise
            finally:
                worker.shutdown()

        def written(count: int) -> None:
            self._work("")
            self.desk.say(tr("胶片已存到 {path}（{n} 个文件）", path=str(path), n=count))

        def abandon() -> None:
            worker.submit(files.give_up)
            worker.shutdown(wait=False)

        def composed() -> None:
            self._abandon = _nothing
            self._work(tr("正在写文件…"))
            self.desk.background.run(write, written, self._failed, "film-export")

        self._abandon = abandon
        self.compose(numbers, lambda n, image: written_films.append(worker.submit(files.add, n, image)), composed)

    # --- following the session

    def _on_studies(self) -> None:
        """Images whose study was closed go; those that were described anew stay."""
        stacks = self.desk.session.stacks
        if not self.model.cells:
            return
        known = {id(stack) for stack in stacks}
        open_series = {stack.series.series_uid for stack in stacks}
        pictures = [stack for stack in self._pictures if stack.series.series_uid in open_series]
        known |= {id(stack) for stack in pictures}
        if all(c is None or id(c.stack) in known for c in self.model.cells):
            return
        places = (*stacks, *pictures)
        kept = [moved for c in self.model.cells if c is not None and (moved := _moved(c, places)) is not None]
        self.stop()
        for stack in self._pictures:
            if stack not in pictures:
                self.desk.store.drop(stack)
        self._pictures = pictures
        self.model.clear()
        if kept:
            self.model.add(kept)
            self.model.undo.clear()


def _nothing() -> None:
    pass


def _moved(cell: Cell, stacks: Sequence[Stack]) -> Cell | None:
    """The same image in the stack that took the place of the cell's."""
    key = cell.stack.frames[cell.index]
    for stack in stacks:
        index = stack.index_of(key) if stack.series.series_uid == cell.stack.series.series_uid else None
        if index is not None:
            return replace(
                cell,
                shown=replace(cell.shown, stack=stack, index=index),
                original=replace(cell.original, stack=stack, index=index),
            )
    return None


def _setup_of(value: Any) -> SheetSetup:
    """From the settings; nonsense becomes the standard."""
    setup = SheetSetup(dpi=FILE_DPI)
    if not isinstance(value, dict):
        return setup
    size, orientation = value.get("size"), value.get("orientation")
    try:
        layout = layout_of(str(value.get("layout", "")))
    except ValueError:
        layout = setup.layout
    return replace(
        setup,
        size=size if size in FILM_SIZES else setup.size,
        orientation=orientation if orientation in (PORTRAIT, LANDSCAPE) else setup.orientation,
        layout=layout,
    )
