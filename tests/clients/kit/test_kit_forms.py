"""Forms: checks at the field in words, Enter and Tab in the order of the eye, values as typed by people."""

from __future__ import annotations

from datetime import date, datetime
from functools import partial

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.kit.editors import ChoiceEditor, DateEditor, TicksEditor
from clients.kit.fields import (
    Choice,
    ChoiceField,
    DateField,
    DateTimeField,
    FormDeclarationError,
    LongTextField,
    NumberField,
    Section,
    SwitchField,
    TextField,
    TicksField,
    check_form,
    parse_date,
    parse_moment,
)
from clients.kit.forms import FormView
from clients.kit.panels import scrolling
from clients.kit.review import review
from clients.kit.translations import Language, set_language

SECTIONS = (
    Section(
        "患者信息",
        (
            TextField(key="name", label="姓名", required=True, max_length=10),
            ChoiceField(key="sex", label="性别", required=True, choices=(Choice("M", "男"), Choice("F", "女"))),
            DateField(key="born", label="出生日期", latest=date(2030, 1, 1)),
            NumberField(key="height", label="身高", unit="cm", minimum=20, maximum=250),
        ),
    ),
    Section(
        "其它信息",
        (
            SwitchField(key="debt", label="欠费"),
            DateTimeField(key="planned", label="预检时间"),
            LongTextField(key="diagnosis", label="临床诊断", span=2),
        ),
    ),
)


@pytest.fixture
def form(qtbot: QtBot) -> FormView:
    made = FormView(SECTIONS)
    qtbot.addWidget(made)
    made.resize(600, 500)
    made.show()
    qtbot.waitExposed(made, timeout=30_000)
    made.activateWindow()
    return made


def test_missing_values_are_said_at_their_fields_and_the_first_gets_the_keyboard(form: FormView) -> None:
    assert not form.validate()
    assert form.rows["name"].problem == "请填写姓名"
    assert form.rows["sex"].problem == "请选择性别"
    assert form.rows["born"].problem == ""
    assert QApplication.focusWidget() is form.rows["name"].editor.focus_target
    assert form.rows["name"].editor.focus_target.property("wrong") is True


def test_a_problem_goes_away_while_it_is_mended(qtbot: QtBot, form: FormView) -> None:
    form.validate()
    qtbot.keyClicks(form.rows["name"].editor.focus_target, "Zhang")
    assert form.rows["name"].problem == ""
    assert form.rows["name"].editor.focus_target.property("wrong") is False
    assert form.rows["sex"].problem == "请选择性别"


def test_enter_goes_on_and_submits_at_the_end(qtbot: QtBot, form: FormView) -> None:
    form.set_values({"sex": "F"})
    form.focus("name")
    qtbot.keyClicks(QApplication.focusWidget(), "Li")
    visited = []
    for _ in range(5):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
        visited.append(
            next(key for key, row in form.rows.items() if row.editor.focus_target is QApplication.focusWidget())
        )
        if visited[-1] == "debt":
            break
    assert visited == ["sex", "born", "height", "debt"]
    form.focus("diagnosis")
    with qtbot.waitSignal(form.submitted, timeout=30_000):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)


def test_tab_follows_the_eye(qtbot: QtBot, form: FormView) -> None:
    form.focus("name")
    order = ["name"]
    for _ in range(6):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        order.append(
            next(key for key, row in form.rows.items() if row.editor.focus_target is QApplication.focusWidget())
        )
    assert order == ["name", "sex", "born", "height", "debt", "planned", "diagnosis"]


def test_enter_stays_at_a_field_that_is_wrong(qtbot: QtBot, form: FormView) -> None:
    form.focus("height")
    qtbot.keyClicks(QApplication.focusWidget(), "999")
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    assert QApplication.focusWidget() is form.rows["height"].editor.focus_target
    assert form.rows["height"].problem == "身高应在 20 到 250 之间"


def test_values_go_in_and_come_out(form: FormView) -> None:
    moment = datetime(2026, 3, 1, 8, 30).astimezone()
    values = {
        "name": "张三",
        "sex": "M",
        "born": date(1980, 2, 29),
        "height": 172,
        "debt": True,
        "planned": moment,
        "diagnosis": "咳嗽\n两周",
    }
    form.set_values(values)
    assert form.values() == values
    form.clear()
    assert form.values() == {
        "name": "",
        "sex": None,
        "born": None,
        "height": None,
        "debt": False,
        "planned": None,
        "diagnosis": "",
    }


def test_what_is_not_understood_is_said(qtbot: QtBot, form: FormView) -> None:
    qtbot.keyClicks(form.rows["born"].editor.focus_target, "31.2.24")
    form.set_values({"name": "x", "sex": "M"})
    assert not form.validate()
    assert "2024-05-31" in form.rows["born"].problem


def test_a_refusal_of_the_server_is_shown_at_its_field(form: FormView) -> None:
    form.show_problems({"born": "出生日期与身份证号不符"})
    assert form.rows["born"].problem == "出生日期与身份证号不符"
    assert QApplication.focusWidget() is form.rows["born"].editor.focus_target


@pytest.mark.parametrize(("typed", "value"), [("n", "M"), ("nv", "F"), ("女", "F")])
def test_a_choice_is_found_by_pinyin(qtbot: QtBot, form: FormView, typed: str, value: str) -> None:
    editor = form.rows["sex"].editor
    assert isinstance(editor, ChoiceEditor)
    assert editor.choose_by_typing(typed)
    assert form.value("sex") == value


def test_other_choices_drop_a_value_that_is_not_among_them(form: FormView) -> None:
    form.set_values({"sex": "F"})
    form.set_choices("sex", [Choice("F", "女"), Choice("O", "其他")])
    assert form.value("sex") == "F"
    form.set_choices("sex", [Choice("O", "其他")])
    assert form.value("sex") is None


def test_scrolling_over_a_choice_changes_nothing(form: FormView) -> None:
    from PySide6.QtCore import QPoint, QPointF
    from PySide6.QtGui import QWheelEvent

    form.set_values({"sex": "M"})
    target = form.rows["sex"].editor.focus_target
    wheel = QWheelEvent(
        QPointF(5, 5),
        QPointF(5, 5),
        QPoint(0, -120),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(target, wheel)
    assert form.value("sex") == "M"


def test_a_day_from_the_calendar_fills_the_field(qtbot: QtBot, form: FormView) -> None:
    editor = form.rows["born"].editor
    assert isinstance(editor, DateEditor)
    with qtbot.waitSignal(form.changed, timeout=30_000) as heard:
        editor.take_day(date(2001, 2, 3))
    assert heard.args == ["born"]
    assert form.value("born") == date(2001, 2, 3)


def test_problems_and_labels_follow_the_language(form: FormView) -> None:
    form.validate()
    set_language(Language.ENGLISH)
    assert form.rows["name"].problem.startswith("Enter: ")


def test_two_fields_with_one_key_fail_at_start() -> None:
    with pytest.raises(FormDeclarationError):
        check_form([Section("", (TextField(key="a", label="一"), TextField(key="a", label="二")))])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2024-05-31", date(2024, 5, 31)),
        ("2024/5/3", date(2024, 5, 3)),
        ("20240531", date(2024, 5, 31)),
        ("2024.05.31", date(2024, 5, 31)),
        ("2023-02-29", None),
        ("31-05-2024", None),
        ("0000-00-00", None),
        ("", None),
        ("abc", None),
    ],
)
def test_days_as_people_type_them(text: str, value: date | None) -> None:
    assert parse_date(text) == value


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("2024-05-31 08:30", (8, 30)),
        ("20240531 0830", (8, 30)),
        ("2024-5-31 8：05", (8, 5)),
        ("2024-05-31 24:00", None),
        ("2024-05-31", None),
    ],
)
def test_moments_as_people_type_them(text: str, clock: tuple[int, int] | None) -> None:
    moment = parse_moment(text)
    assert (moment is None) == (clock is None)
    if moment is not None:
        assert (moment.hour, moment.minute) == clock
        assert moment.tzinfo is not None


def test_several_are_ticked_with_the_keyboard_and_known_ones_stay(qtbot: QtBot) -> None:
    choices = [Choice("online", "online", translate=False), Choice("tape", "tape", translate=False)]
    form = FormView([Section("", (TicksField(key="stores", label="存放于", required=True, choices=choices),))])
    qtbot.addWidget(form)
    form.show()
    editor = form.rows["stores"].editor
    assert isinstance(editor, TicksEditor)
    assert not form.validate()
    assert form.rows["stores"].problem
    qtbot.keyClick(editor.boxes[1], Qt.Key.Key_Space)
    assert form.value("stores") == ("tape",)
    assert not form.rows["stores"].problem
    form.set_values({"stores": ("tape", "gone")})  # a value that is no longer offered is not lost by showing it
    form.set_choices("stores", [*choices, Choice("near", "near", translate=False)])
    assert form.value("stores") == ("tape", "gone")
    qtbot.keyClick(editor.boxes[0], Qt.Key.Key_Space)
    assert form.value("stores") == ("online", "tape")
    form.clear()
    assert form.value("stores") == ()


@pytest.mark.parametrize("widths", [(900, 480, 200), (200, 480, 900), (480, 900, 200)])
def test_a_form_takes_fewer_columns_where_it_is_narrow_and_more_where_it_is_wide(
    qtbot: QtBot, widths: tuple[int, ...]
) -> None:
    fields = [TextField(key=f"field{number}", label="姓名") for number in range(7)]
    form = FormView([Section("", (*fields, LongTextField(key="long", label="临床诊断", span=3)))], columns=6, fewest=3)
    area = scrolling(form)
    qtbot.addWidget(area)
    area.show()

    def lines() -> int:
        return len({form.rows[field.key].y() for field in fields})

    for width in widths:
        area.resize(width, 500)
        columns = {900: 6, 480: 4, 200: 3}[width]  # of 96 pixels and 16 between; never fewer than three
        qtbot.waitUntil(partial(lambda wanted: lines() == -(-7 // wanted), columns), timeout=30_000)
        assert form.columns == columns and (width == 200 or review(area) == [])


def test_a_form_without_fewest_keeps_its_columns(qtbot: QtBot) -> None:
    form = FormView([Section("", [TextField(key=f"field{number}", label="姓名") for number in range(4)])], columns=4)
    qtbot.addWidget(form)
    form.show()
    form.resize(100, 300)
    assert form.columns == 4 and form.minimumSizeHint().width() >= 4 * 96
