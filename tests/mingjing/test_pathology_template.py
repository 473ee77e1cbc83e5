"""`mingjing pathology template`: what scripts rely on."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from mingjing.pathology import main

MIXED = "送检（胃窦；胃体）黏膜{（ ）块}。\n固有层见[淋巴细胞；浆细胞]浸润。\n未见肠上皮化生（IM）。\n"
VOLUME = "肿块大小{（ ）}×{（ ）}×{（ ）CM3}。"


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    def running(word: str, template: str | bytes, *options: str, answers: Any = None, typed: str | None = None) -> Any:
        path = tmp_path / "t.txt"
        path.write_bytes(template if isinstance(template, bytes) else template.encode())
        more = list(options)
        if answers is not None:
            given = tmp_path / "a.json"
            given.write_text(answers if isinstance(answers, str) else json.dumps(answers), encoding="utf-8")
            more += ["--answers", str(given)]
        if typed is not None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed.encode())))
        status = main(["template", word, str(path), *more])
        out, err = capsys.readouterr()
        return status, (json.loads(out) if "--json" in options else out), err

    return running


def test_check_says_ok(run: Any) -> None:
    assert run("check", MIXED) == (0, "ok\n", "")


def test_check_names_line_column_and_reason(run: Any) -> None:
    status, out, _ = run("check", "切缘（阴性；阳性。\r\n大小{cm}。\r\n[腺体；（密；疏）]")
    assert status == 1
    assert [line.split(" ")[:5] for line in out.splitlines()] == [
        ["line", "1", "column", "3:", "E1"],
        ["line", "2", "column", "3:", "E4"],
        ["line", "3", "column", "5:", "E3"],
    ]


def test_check_in_json(run: Any) -> None:
    status, out, _ = run("check", "甲；乙（", "--json")
    assert status == 1 and out["ok"] is False
    assert [(one["code"], one["line"], one["column"]) for one in out["errors"]] == [("E1", 1, 4)]
    assert [one["code"] for one in out["warnings"]] == ["E6"] and out["errors"][0]["reason"]


def test_warnings_alone_are_no_failure(run: Any) -> None:
    status, out, _ = run("check", "{（ ）}{（ ）}")
    assert status == 0 and out.startswith("line 1 column 7: E8 ") and out.rstrip().endswith("(warning)")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_any_encoding_and_line_break(run: Any, encoding: str, line_break: str) -> None:
    status, out, _ = run("check", f"间质{line_break}大小{{cm}}。".encode(encoding), "--json")
    assert status == 1 and (out["errors"][0]["line"], out["errors"][0]["column"]) == (2, 3)


@pytest.mark.parametrize("data", [b"\xff\x81\x00\xfe\xff", b"\x80"])
def test_a_file_that_is_no_text_is_unusable(run: Any, data: bytes) -> None:
    status, _, err = run("check", data)
    assert status == 2 and "neither UTF-8 nor GB18030" in err


def test_a_missing_file_is_unusable(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["template", "check", "/nowhere/t.txt"]) == 2
    assert "/nowhere/t.txt" in capsys.readouterr().err


@pytest.mark.parametrize(
    "answers",
    [
        [["胃窦", 4], False, True],
        {"lines": [{"taken": True, "answers": [1, "4"]}, None, []]},
        [[[1], [4]], {"taken": False}, {"taken": True}, False],
    ],
)
def test_fill_takes_answers_in_every_form(run: Any, answers: Any) -> None:
    assert run("fill", MIXED, answers=answers) == (0, "送检胃窦黏膜4块。\n未见肠上皮化生（IM）。\n", "")


def test_fill_reads_answers_from_standard_input(run: Any) -> None:
    assert run("fill", MIXED, typed='[false, [["浆细胞", 1]]]')[1] == "固有层见淋巴细胞、浆细胞浸润。\n"
    assert run("fill", MIXED, "--answers", "-", typed="[false, [[2]]]")[1] == "固有层见浆细胞浸润。\n"


def test_options_are_joined_by_the_mark_asked_for(run: Any) -> None:
    assert run("fill", "见[a；b]", "--join", "和", answers=[[[1, 2]]])[1] == "见a和b\n"
    assert run("fill", "见[a；b]", answers={"lines": [[[1, 2]]], "join": "/"})[1] == "见a/b\n"


def test_numbers_stay_as_written_and_null_accepts_a_preset(run: Any) -> None:
    template = "径{（2.0）cm}{，距（ ）cm}。"
    assert run("fill", template, answers="[[null, null]]")[1] == "径2.0cm。\n"
    assert run("fill", template, answers='[["", 1.50]]')[1] == "径，距1.50cm。\n"
    assert run("fill", template, answers="[true]")[1] == "径2.0cm。\n"


def test_a_lost_dimension_is_warned_of(run: Any) -> None:
    status, out, err = run("fill", VOLUME, "--json", answers=[[3, None, 1.5]])
    assert status == 0 and out["text"] == "肿块大小3×1.5CM3。" and out["needs_confirmation"]
    assert (out["warnings"][0]["line"], out["warnings"][0]["column"]) == (1, 11)
    assert "line 1 column 11: warning" in err
    status, out, _ = run("fill", VOLUME, "--json", "--strict", answers=[[3, 2, None]])
    assert status == 1 and out["text"] is None


def test_an_unanswered_single_choice_blocks_and_names_its_place(run: Any) -> None:
    status, out, err = run("fill", MIXED, answers=[[None, 4]])
    assert (status, out) == (1, "") and err.startswith("line 1 column 3: a single choice is not answered")


@pytest.mark.parametrize(
    ("template", "answers", "kind"),
    [
        ("{（ ）cm}", '[["x"]]', "not_a_number"),
        ("{（ ）cm}", "[[1e5]]", "not_a_number"),
        ("{（ ）×（ ）cm}", "[[[3, null]]]", "partly"),
        ("[a；b]", "[[[3]]]", "no_such_option"),
        ("[a；b]", "[[[0]]]", "no_such_option"),
        ("（a；b）", '[["c"]]', "no_such_option"),
        ("（a；b）", "[[[1, 2]]]", "too_many"),
    ],
)
def test_answers_that_do_not_fit_are_refused_in_place(run: Any, template: str, answers: str, kind: str) -> None:
    status, out, _ = run("fill", template, "--json", answers=answers)
    assert status == 1 and out["problems"][0]["kind"] == kind and out["problems"][0]["column"] >= 1


@pytest.mark.parametrize(
    "answers",
    ["", "nonsense", "3", "[3]", "[NaN]", "[[[[1]]]]" * 2, "[" * 200_000, "[true, true]", "[[1, 2]]", '{"x": 1}'],
)
def test_answers_of_another_shape_are_unusable(run: Any, answers: str) -> None:
    status, _, err = run("fill", "见{（ ）}", answers=answers)
    assert status == 2 and err.startswith("mingjing pathology template: ")


def test_a_template_with_errors_cannot_be_filled(run: Any) -> None:
    status, out, err = run("fill", "大小{cm}", answers=[True])
    assert (status, out) == (1, "") and "line 1 column 3: E4" in err


def test_asking_at_a_terminal(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    given = iter(["", "1", "四", "1", "4", "n", "y"])
    monkeypatch.setattr("builtins.input", lambda: next(given))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    assert run("fill", MIXED)[1] == "送检胃窦黏膜4块。\n未见肠上皮化生（IM）。\n"


def test_print_gives_the_normal_form_and_the_tree(run: Any) -> None:
    assert run("print", "[a;b](c;d){(2)cm}(IM)")[1] == "[a；b]（c；d）{（2）cm}(IM)\n"
    tree = run("print", "见[a;b]{(2)cm}", "--json")[1]["lines"][0]
    assert [one["kind"] for one in tree] == ["text", "multi", "numeric"]
    assert tree[2]["parts"] == [{"preset": "2"}, "cm"]


def test_the_command_loads_no_window() -> None:
    import subprocess

    code = (
        "import sys; from mingjing.__main__ import main; status = main(['pathology', 'template', 'check', '-']);"
        "assert not any(name.startswith(('PySide6', 'clients', 'numpy')) for name in sys.modules); sys.exit(status)"
    )
    done = subprocess.run([sys.executable, "-c", code], input="a（".encode(), capture_output=True, check=False)
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith(b"line 1 column 2: E1 ")
