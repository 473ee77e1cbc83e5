"""Codes beside the text: search by number or words, add, take away (EX-PA-07)."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from clients.kit.labels import Button, Label
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.diagnosis.presenter import DiagnosisPresenter
from shared.contract.pathology_reports import CodeView, SearchCodes

SYSTEMS = {"icdo-t": "ICD-O 部位", "icdo-m": "ICD-O 形态学", "icd10": "ICD-10", "snomed": "SNOMED CT", "tbs": "TBS"}
_ROLE = Qt.ItemDataRole.UserRole


class CodesPanel(QWidget):
    """Enter in the search field adds the first hit; Delete takes a code away; 保存 stores them."""

    def __init__(self, desk: Desk, presenter: DiagnosisPresenter) -> None:
        super().__init__()
        self._desk, self._presenter = desk, presenter
        page = presenter.state.page
        self.codes: tuple[CodeView, ...] = page.codes if page is not None else ()
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 16, 16, 16)
        box.setSpacing(8)
        box.addWidget(Label("查找（编码或名称，回车添加）", "caption"))
        self.search = QLineEdit()
        self.search.setMaxLength(60)
        self.search.setPlaceholderText(tr("如 C16、8140、腺癌"))
        self.search.textEdited.connect(self.look)
        self.search.returnPressed.connect(self.add_first)
        box.addWidget(self.search)
        self.found = QListWidget()
        self.found.itemDoubleClicked.connect(lambda item: self.add(item.data(_ROLE)))
        box.addWidget(self.found, 3)
        box.addWidget(Label("本病例的编码", "caption"))
        self.chosen = QListWidget()
        box.addWidget(self.chosen, 2)
        self.remove_button = Button("移除", "quiet", "minus", on_click=self.remove)
        box.addWidget(self.remove_button)
        self.save_button = Button("保存编码", "primary", "save", on_click=self.save)
        box.addWidget(self.save_button)
        self._show()

    def look(self, text: str) -> None:
        """Search while the doctor types."""
        place, request = self._desk.place, SearchCodes(text=text)
        if not text.strip():
            self.found.clear()
            return
        place.runner.run(
            lambda: place.connection.call(request), self._came, place.messages.report, key="pathology.codes"
        )

    def add_first(self) -> None:
        """Enter: the first hit, or what was typed where it is a code by itself."""
        if self.found.count():
            self.add(self.found.item(0).data(_ROLE))

    def add(self, code: CodeView) -> None:
        """Add a code once."""
        if all((one.system, one.code) != (code.system, code.code) for one in self.codes):
            self.codes = (*self.codes, code)
        self.search.clear()
        self.found.clear()
        self._show()

    def remove(self) -> None:
        """Take the chosen code away."""
        item = self.chosen.currentItem()
        if item is not None:
            gone: CodeView = item.data(_ROLE)
            self.codes = tuple(one for one in self.codes if one != gone)
            self._show()

    def save(self) -> None:
        """Store them."""
        self._presenter.set_codes(self.codes)
        self._desk.close_panel()

    def _came(self, codes: tuple[CodeView, ...]) -> None:
        self.found.clear()
        for one in codes:
            self._put(self.found, one)

    def _show(self) -> None:
        self.chosen.clear()
        for one in self.codes:
            self._put(self.chosen, one)

    @staticmethod
    def _put(view: QListWidget, one: CodeView) -> None:
        item = QListWidgetItem(f"{one.code}  {one.meaning}")
        item.setToolTip(tr(SYSTEMS.get(one.system, one.system)))
        item.setData(_ROLE, one)
        view.addItem(item)
