"""The page of terms: the tree, searching, adding, changing, removing; what is refused stands at its field."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from clients.ecg.app import register_texts
from clients.ecg.terms.page import TermsPage
from clients.kit.app import make_application
from clients.kit.bell import Bell
from clients.kit.connection import FakeConnection
from clients.kit.messages import CollectedMessages
from clients.kit.review import review
from clients.kit.running import ImmediateRunner
from clients.kit.theme import apply_theme
from clients.kit.tokens import ThemeName
from clients.kit.translations import Language, set_language
from shared.contract import ecg_terms
from shared.contract.base import Nothing
from shared.contract.errors import ErrorCode
from shared.domain.ecg_reports import TermKind, TermScope
from tests.clients.ecg.reading.reading_house import refusal
from tests.clients.ecg.reading.reading_rows import TERMS


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    return make_application()


@pytest.fixture(autouse=True)
def looks(qapp: QApplication) -> Iterator[None]:
    apply_theme(ThemeName.LIGHT)
    set_language(Language.CHINESE)
    yield
    set_language(Language.CHINESE)


class Book:
    """The dictionary of a server: one term of the hospital can be changed."""

    def __init__(self) -> None:
        own = msgspec.structs.replace(TERMS.terms[3], scope=TermScope.HOSPITAL, is_editable=True)
        self.terms = [*TERMS.terms[:3], own, *TERMS.terms[4:]]
        self.refuses: ErrorCode | None = None
        self.connection = FakeConnection(
            replies={
                ecg_terms.ListTerms: lambda _request: msgspec.structs.replace(TERMS, terms=tuple(self.terms)),
                ecg_terms.SaveTerm: self._save,
                ecg_terms.RemoveTerm: self._remove,
            }
        )

    def _save(self, request: ecg_terms.SaveTerm) -> ecg_terms.TermView:
        if self.refuses is not None:
            raise refusal(self.refuses)
        term = msgspec.structs.replace(request.term, id=request.term.id or 50, version=2, is_editable=True)
        self.terms = [one for one in self.terms if one.id != term.id] + [term]
        return term

    def _remove(self, request: ecg_terms.RemoveTerm) -> Nothing:
        self.terms = [one for one in self.terms if one.id != request.term_id]
        return Nothing()


class Place:
    """The page with its book."""

    def __init__(self, qtbot: QtBot) -> None:
        register_texts()
        self.book, self.messages = Book(), CollectedMessages()
        place: Any = SimpleNamespace(connection=self.book.connection, runner=ImmediateRunner(), messages=self.messages)
        self.changed: Bell[tuple[str, int]] = Bell()
        self.page = TermsPage(SimpleNamespace(changed=self.changed), place)
        qtbot.addWidget(self.page)
        self.page.resize(1278, 664)
        self.page.show()

    def names(self) -> list[str]:
        found: list[str] = []

        def walk(item: Any) -> None:
            found.append(item.text(0))
            for at in range(item.childCount()):
                walk(item.child(at))

        for at in range(self.page.tree.topLevelItemCount()):
            walk(self.page.tree.topLevelItem(at))
        return found

    def choose(self, term_id: int) -> None:
        self.page.presenter.choose(next(one for one in self.book.terms if one.id == term_id))


@pytest.fixture
def place(qtbot: QtBot) -> Place:
    return Place(qtbot)


def test_the_tree_and_the_search(place: Place) -> None:
    assert place.names()[:3] == ["窦性心律", "窦性心律", "窦性心动过速"]
    place.page.search.setText("xfcd")
    assert place.names() == ["心房颤动"]
    place.page.search.setText("")
    place.page.presenter.show_kind(TermKind.FINDING)
    assert place.names() == ["节律", "P 波规律出现"]


def test_standard_terms_are_read_only_own_ones_are_changed(place: Place) -> None:
    place.choose(1)
    assert not place.page.term.isEnabled()
    place.choose(4)
    assert place.page.term.isEnabled()
    place.page.term.set_values({"zh": "心房颤动伴快速心室率"})
    place.page.save_buttons[place.page.term].click()
    assert "心房颤动伴快速心室率" in place.names()
    assert place.messages.said[-1].text == "已保存"


def test_a_new_term_needs_a_category_and_words(place: Place) -> None:
    place.page.presenter.choose(None)
    place.page.presenter.new_term()
    assert place.messages.said[-1].text == "请先选择一个分类"
    place.page.presenter.choose(TERMS.categories[0])
    place.page.presenter.new_term()
    place.page.save_buttons[place.page.term].click()
    assert place.page.presenter.state.problems == {"zh": "请填写术语文字"}
    place.page.term.set_values({"zh": "窦性停搏"})
    place.page.save_buttons[place.page.term].click()
    assert "窦性停搏" in place.names()


def test_a_double_is_refused_at_its_field(place: Place) -> None:
    place.choose(4)
    place.book.refuses = ErrorCode.DUPLICATE
    place.page.save_buttons[place.page.term].click()
    assert place.page.presenter.state.problems == {"zh": "词库中已有相同的术语"}


def test_removing_asks_first(place: Place) -> None:
    place.choose(4)
    place.page.remove_buttons[place.page.term].click()
    assert place.page.question is not None and "心房颤动" in place.names()
    place.page.question.answer("remove")
    assert "心房颤动" not in place.names()


def test_a_change_elsewhere_is_shown(place: Place) -> None:
    place.book.terms = place.book.terms[:1]
    place.changed.ring(("ecg_terms", 1))
    assert "心房颤动" not in place.names()


@pytest.mark.parametrize("language", list(Language))
def test_nothing_is_cut(place: Place, language: Language) -> None:
    set_language(language)
    place.choose(4)
    QApplication.processEvents()
    host: QWidget = place.page
    assert [str(one) for one in review(host)] == []


def test_a_dictionary_that_does_not_come_is_asked_for_again(place: Place) -> None:
    good = place.book.connection.replies[ecg_terms.ListTerms]

    def gone(_request: ecg_terms.ListTerms) -> None:
        raise refusal(ErrorCode.UNAVAILABLE)

    place.book.connection.replies[ecg_terms.ListTerms] = gone  # type: ignore[index]
    place.page.presenter.open()
    assert not place.page.trouble.isHidden() and place.page.trouble.text
    place.book.connection.replies[ecg_terms.ListTerms] = good  # type: ignore[index]
    place.page.trouble._act()
    assert place.page.trouble.isHidden() and place.page.presenter.state.tree.terms
