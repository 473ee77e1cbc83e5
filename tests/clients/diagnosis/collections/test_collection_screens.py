"""The page and the panels of collections in a real window, over the server's own use cases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from clients.diagnosis.app import make_pages
from clients.diagnosis.collections import texts
from clients.diagnosis.collections.favourites.filing import FilingForm
from clients.diagnosis.collections.favourites.view import FavouritesView
from clients.diagnosis.collections.follow_ups.case_view import FollowUpCase
from clients.diagnosis.collections.follow_ups.view import FollowUpsView
from clients.diagnosis.collections.page import CollectionsPage
from clients.diagnosis.collections.phrases.view import PhrasesView
from clients.diagnosis.collections.remarks.panel import RemarksPanel
from clients.diagnosis.collections.similar.panel import SimilarPanel
from clients.diagnosis.collections.teaching.form import MakingPanel
from clients.diagnosis.collections.teaching.view import TeachingFilesView
from clients.diagnosis.report.view import ReportPage
from clients.diagnosis.worklist import texts as worklist_texts
from clients.kit.app import make_application
from clients.kit.connection import LineState
from clients.kit.theme import apply_theme
from clients.kit.tokens import ThemeName
from clients.kit.translations import Language, set_language
from server.organisation.sheets import read_sheet, write_xlsx
from shared.contract import collections as c
from shared.contract.base import Changed
from shared.contract.reporting import SaveTemplate
from tests.clients.diagnosis.collections.collecting_window import Window, words


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[Window]:
    make_application()
    make_pages()
    apply_theme(ThemeName.DARK)
    made = Window(qtbot, tmp_path)
    yield made
    made.window.close()
    made.room.close()
    set_language(Language.CHINESE)


def press(root: QWidget, words: str) -> None:
    """Press the visible button with these words."""
    QCoreApplication.processEvents()  # a layout shows a new button by a queued call
    found = [one for one in root.findChildren(QPushButton) if one.text() == words and one.isVisibleTo(root)]
    assert len(found) == 1, (words, [one.text() for one in root.findChildren(QPushButton)])
    found[0].click()


def test_a_report_is_filed_from_its_panel_and_found_in_its_folder(window: Window) -> None:
    form = window.panel("favourite", 1, FilingForm)
    form.form.set_values({"folder": "肺", "disease": "结节", "note": "典型"})
    form.save_button.click()
    window.settle()
    assert "肺" in form.state_words.full_text
    view = window.tab("favourites", FavouritesView)
    window.until(lambda: view.list.total == 1)
    assert [view.folders.item(i).text() for i in range(view.folders.count())] == ["全部  1", "肺  1"]
    view.presenter.filter(text="没有这个")
    window.until(lambda: view.list.total == 0)
    view.presenter.filter(text="")
    window.until(lambda: view.list.total == 1)
    view.folders.setCurrentRow(1)
    view.presenter.rename("肺", "胸部")
    window.until(lambda: view.presenter.state.folders == {"胸部": 1})
    window.settle()
    window.until(lambda: view.list.model.row(0) is not None)
    view.list.action_requested.emit("images", view.list.model.row(0))
    assert window.viewer.asked[-1] == ("open", ("1.2.3.1",))
    view.list.action_requested.emit("remove", view.list.model.row(0))
    window.until(lambda: view.list.total == 0)


def test_the_lists_star_opens_the_same_form(window: Window) -> None:
    assert window.diagnosis.worklist is not None
    window.shell.go_to("worklist")
    window.diagnosis.worklist.choose_states(())
    window.settle()
    row = next(row for row in window.diagnosis.worklist.state.rows if row.id == 2)
    window.diagnosis.worklist.act("favourite", row)
    window.settle()
    forms = window.window.findChildren(FilingForm)
    assert [form.presenter.state.report_id for form in forms] == [2]
    forms[0].save_button.click()
    window.until(lambda: window.call(c.ListFavourites()).total == 1)


def test_a_follow_up_is_opened_noted_and_closed_on_screen(window: Window) -> None:
    case = window.panel("follow_up", 1, FollowUpCase)
    press(case, "3 个月")
    case.add_form.set_values({"due_on": window.today + timedelta(days=1), "reason": "术后病理"})
    press(case, "加入随访")
    window.until(lambda: case.presenter.state.shown is not None)
    assert not case.add_part.isVisibleTo(case), "one open follow-up of a report is enough"
    queue = window.tab("follow_ups", FollowUpsView)
    assert queue.list.total == 0, "not due yet"
    queue.scopes.choose(1)
    window.until(lambda: queue.list.total == 1)
    queue.list.select_id(1)
    window.until(lambda: queue.case.presenter.state.shown is not None)
    queue.case.note_form.set_values({"text": "已约手术"})
    press(queue.case, "添加记录")
    window.until(lambda: len(queue.case.presenter.state.shown.records) == 2)  # type: ignore[union-attr]
    queue.case.close_form.set_values({"outcome": c.FollowUpOutcome.AGREES.value})
    press(queue.case, "结束随访")
    window.until(lambda: "依据" in queue.case.close_form.rows["proof"].problem)
    queue.case.close_form.set_values({"proof": c.FollowUpProof.PATHOLOGY.value, "found": "微浸润腺癌"})
    press(queue.case, "结束随访")
    window.until(lambda: not queue.case.presenter.state.shown.is_open)  # type: ignore[union-attr]
    window.room.line.send_notice(Changed("follow_up", 1, 3))
    window.until(lambda: queue.presenter.state.counts.get("closed") == 1)
    queue.presenter.load_rates(window.today, window.today)
    window.until(lambda: bool(queue.presenter.state.rates))
    assert queue.presenter.state.rates[0].rate_percent == 100.0
    press(queue.case, "重新开始")
    assert queue.case.again_form.rows["due_on"].problem


def test_remarks_are_added_and_taken_back_with_undo(window: Window) -> None:
    panel = window.panel("remarks", 4, RemarksPanel)
    assert panel.words.full_text == "还没有备注"
    panel.line.setPlainText("请与外院片对照")
    panel.add_button.click()
    window.until(lambda: len(panel.presenter.state.remarks or ()) == 1)
    assert panel.line.toPlainText() == ""
    panel.presenter.remove((panel.presenter.state.remarks or ())[0].id)
    window.until(lambda: panel.presenter.state.remarks == ())


def test_a_teaching_file_is_made_read_and_guessed(window: Window) -> None:
    making = window.panel("teaching", 1, MakingPanel)
    making.propose_button.click()
    window.until(lambda: making.presenter.state.draft is not None)
    making.form.set_values({"title": "张三丰的结节"})
    making.keep_button.click()
    window.until(lambda: "张三丰" in making.form.rows["title"].problem)
    making.form.set_values({"title": "磨玻璃结节", "tags": "肺，结节"})
    making.pictures.setChecked(True)
    making.keep_button.click()
    window.until(lambda: making.presenter.state.draft is None)
    view = window.tab("teaching", TeachingFilesView)
    window.until(lambda: view.list.total == 1)
    view.list.select_id(1)
    window.until(lambda: view.presenter.state.shown is not None and bool(view.presenter.state.pictures))
    window.until(lambda: {"磨玻璃结节", "诊断意见"} <= set(words(view)))
    view.quiz.click()
    window.until(lambda: view.presenter.state.shown is None)
    window.settle()
    view.presenter.select(view.list.model.row(0))
    window.until(lambda: view.presenter.state.is_hidden)
    window.until(lambda: "影像所见" in words(view))
    assert "诊断意见" not in words(view)
    press(view, "显示答案")
    window.until(lambda: not view.presenter.state.is_hidden)
    press(view, "没答对")
    window.until(lambda: view.presenter.state.shown is not None and view.presenter.state.shown.tries == 1)
    view.quiz.click()
    window.settle()
    view.presenter.select(view.list.model.row(0))
    window.until(lambda: view.presenter.state.shown is not None)
    press(view, "修改")
    view.form.set_values({"points": "看边缘"})
    view.save_button.click()
    window.until(lambda: view.presenter.state.shown is not None and view.presenter.state.shown.text.points == "看边缘")


def test_similar_cases_come_with_the_panel_and_are_taken_over(window: Window) -> None:
    panel = window.panel("similar", 4, SimilarPanel)
    window.until(lambda: bool(panel.presenter.state.found))
    page = window.shell.page_widget("report")
    assert isinstance(page, ReportPage)
    assert window.diagnosis.report is not None
    window.diagnosis.report.enter_here()
    window.until(lambda: window.diagnosis.report.state.may_type)  # type: ignore[union-attr]
    card = panel.cards.itemAt(0)
    assert card is not None
    first = card.widget()
    assert first is not None
    press(first, "插入所见")
    assert "磨玻璃" in page.findings.toPlainText()


def test_the_library_goes_out_and_comes_in_after_a_check(window: Window, tmp_path: Path) -> None:
    window.room.save_template(SaveTemplate(folder="胸部", name="结节", findings="<p>甲</p>", impression="<p>乙</p>"))
    view = window.tab("phrases", PhrasesView)
    window.until(lambda: view.list.total == 1)
    out = tmp_path / "out.xlsx"
    view._ask_save = lambda _parent, _name: str(out)
    view.export_button.click()
    window.until(lambda: out.exists() and not view.presenter.state.is_busy)
    lines = read_sheet("out.xlsx", out.read_bytes())
    assert lines.lines[0].cells[:2] == ("胸部", "结节")
    bad = tmp_path / "bad.xlsx"
    bad.write_bytes(write_xlsx("x", lines.headings, (9,) * 6, [("胸部", "", "模板", "", "x", "")]))
    view._ask_open = lambda _parent: str(bad)
    view.import_button.click()
    window.until(lambda: view.presenter.state.checked is not None)
    assert not view.take_button.isEnabled()
    assert "第 2 行 名称" in view.problems.full_text
    good = tmp_path / "good.xlsx"
    good.write_bytes(write_xlsx("x", lines.headings, (9,) * 6, [("胸部", "新", "词条", "", "x", "")]))
    view._ask_open = lambda _parent: str(good)
    view.import_button.click()
    window.until(view.take_button.isEnabled)
    view.take_button.click()
    window.until(lambda: view.list.total == 2)
    view._ask_open = lambda _parent: str(tmp_path / "missing.xlsx")
    view.import_button.click()
    window.until(lambda: "文件不能读写" in view.list.error_text)


def test_a_broken_line_is_said_in_each_tab(window: Window) -> None:
    page = window.shell.go_to("collections")
    assert isinstance(page, CollectionsPage)
    for key in ("favourites", "follow_ups", "teaching", "phrases", "coded"):
        page.show_tab(key)
    window.settle()
    window.room.line.set_line(LineState.OFFLINE)
    for view in page.tabs.values():
        view.refresh()
        window.until(lambda view=view: view.list.error_text != "")  # type: ignore[misc]


def test_every_word_of_the_list_and_the_collections_has_its_english() -> None:
    import re

    folder = Path(texts.__file__).parents[1]
    entries = {**texts.ENTRIES, **worklist_texts.ENTRIES}
    make_pages()
    from clients.kit.translations import has_english

    literal = re.compile(r'"([^"\n]*[\u4e00-\u9fff][^"\n]*)"')
    missing = set()
    for name in ("collections", "comparison", "worklist"):
        for path in (folder / name).rglob("*.py"):
            if path.name == "texts.py":
                continue
            source = re.sub(r'"""[\s\S]*?"""', "", path.read_text(encoding="utf-8"))
            for line in source.splitlines():
                missing |= {
                    word for word in literal.findall(line.split("#")[0]) if "tr(" not in word and not has_english(word)
                }
    assert missing - _DATA == set()
    assert all(english.strip() for english in entries.values())


_DATA = {"快到期 59 分钟", "、", "，", "{name}（{ae}）", "{one.name}（{one.ae_title}）"}


def test_a_quiz_row_shows_no_title(window: Window) -> None:
    draft = window.call(c.DraftTeachingFile(report_id=1))
    text = msgspec.structs.replace(draft.text, title="答案就在标题里")
    window.call(c.MakeTeachingFile(report_id=1, text=text))
    view = window.tab("teaching", TeachingFilesView)
    view.quiz.click()
    window.settle()
    window.until(lambda: [row.text.title for row in [view.list.model.row(0)] if row is not None] == [""])
