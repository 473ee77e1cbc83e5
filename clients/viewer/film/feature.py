"""Films as a feature: the page, its keys, the list of tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clients.kit.actions import Action
from clients.kit.translations import register_catalogue
from clients.viewer.commands import Slot
from clients.viewer.desk import Desk, Feature
from clients.viewer.film import texts
from clients.viewer.tool_icons import add_icons
from clients.viewer.volume.film_pictures import OffersPictures

if TYPE_CHECKING:
    from clients.viewer.film.controller import FilmDesk
    from clients.viewer.film.page import FilmPage

register_catalogue(texts.CATALOGUE)
add_icons({"film": "M5 3.500h14v17H5zM5 8h14M9.500 8v12.500M14.500 8v12.500M5 14h14"})
PAGE, TASKS = "film.page", "film.tasks"
_SLOTS = {"more": (Slot(PAGE, "film", "打印"),)}
_ENTRIES = {"menu.output": (PAGE, "film.add_image", "film.add_series", "film.add_exam", TASKS)}


class FilmFeature(Feature):
    """What VW-PRT asks for."""

    actions = (
        Action(PAGE, "胶片打印", "Ctrl+Shift+F", hint="排版胶片并打印；再按一次返回"),
        Action("film.add_image", "当前图像加入胶片", "F6", hint="选中视口的图像，或重建的画面，按现在显示的样子"),
        Action(
            "film.add_series", "整个序列加入胶片", "F7", hint="选中视口的序列，或重建页的全部画面，按现在显示的样子"
        ),
        Action("film.add_exam", "整个检查加入胶片"),
        Action(TASKS, "胶片打印任务", hint="等待、打印中、失败的任务"),
    )
    switches = frozenset({PAGE, TASKS})
    needs_image = frozenset({"film.add_image", "film.add_series", "film.add_exam"})
    slots = _SLOTS
    entries = _ENTRIES

    def attach(self, desk: Desk) -> None:
        self._films: FilmDesk | None = None
        self._page: FilmPage | None = None
        desk.commands.on(PAGE, self.toggle_page)
        desk.commands.on("film.add_image", self._add_current)
        desk.commands.on("film.add_series", self._add_series)
        desk.commands.on("film.add_exam", self._add_exam)
        desk.commands.on(TASKS, self.toggle_tasks)
        desk.session.marks.changed.connect(self._on_marks)
        desk.side.changed.connect(lambda _key: desk.reflect())

    def reflect(self) -> None:
        self.desk.commands.qt(PAGE).setChecked(self.desk.stage.key == PAGE)
        self.desk.commands.qt(TASKS).setChecked(
            self.desk.side.key == TASKS or (self._page is not None and self._page.tasks is not None)
        )

    def closing(self) -> None:
        if self._page is not None:
            self.desk.stage.leave()
        if self._films is not None:
            self._films.close()

    @property
    def films(self) -> FilmDesk:
        """The reader's films; made when they are asked for first, since most readers never print."""
        if self._films is None:
            from clients.viewer.film.controller import FilmDesk

            self._films = FilmDesk(self.desk)
        return self._films

    @property
    def page(self) -> FilmPage | None:
        """The page while it is on the stage."""
        return self._page

    def toggle_page(self) -> None:
        """The first click enters, the next one leaves."""
        from clients.viewer.film.page import FilmPage

        stage = self.desk.stage
        if stage.key == PAGE:
            stage.leave()
            return
        stage.leave()
        if self.desk.side.key == TASKS:
            self.desk.side.close_panel()  # the page has its own place for them
        self.desk.session.marks.select(None)
        self._page = FilmPage(self.films)
        self._page.left.connect(stage.leave)
        self._page.tasks_changed.connect(self.desk.reflect)
        stage.enter(PAGE, self._page, self._on_left)
        self._page.sheet.setFocus()
        self.desk.reflect()

    def toggle_tasks(self) -> None:
        """The list of tasks: on the film page, or at the side of the viewports."""
        from clients.viewer.film.tasks_panel import WIDTH, TasksPanel

        if self._page is not None:
            self._page.toggle_tasks()
            return

        side = self.desk.side
        if side.key == TASKS:
            side.close_panel()
        else:
            side.show_panel(TASKS, TasksPanel(self.films), "胶片打印任务", WIDTH)
        self.desk.reflect()

    def _add_current(self) -> None:
        page: object = self.desk.stage.page
        if isinstance(page, OffersPictures):
            self.films.add_pictures(page.film_pictures(whole=False))
        else:
            self.films.add_current()

    def _add_series(self) -> None:
        page: object = self.desk.stage.page
        if isinstance(page, OffersPictures):
            self.films.add_pictures(page.film_pictures(whole=True))
        else:
            self.films.add_series()

    def _add_exam(self) -> None:
        self.films.add_exam()

    def _on_left(self) -> None:
        page, self._page = self._page, None
        if page is not None:
            page.release()
        self.desk.reflect()

    def _on_marks(self, _sheet: object) -> None:
        if self._page is not None:
            self._page.sheet.generation += 1
            self._page.sheet.update()
