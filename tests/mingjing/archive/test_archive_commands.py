"""The words of `mingjing archive`: how they are declared, and what they print."""

from __future__ import annotations

import argparse
import io
import json
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from mingjing.archive import fetching, giving, output
from mingjing.archive.command import main, parser
from shared.contract.exchange import AnonymiseOption, Rectangle
from shared.dicomkit.headers import to_bytes
from tests.server.archive.archive_house import an_object

WORDS = next(action for action in parser()._actions if isinstance(action, argparse._SubParsersAction)).choices


@pytest.mark.parametrize("word", WORDS)
def test_each_word_can_be_run_and_prints_json(word: str) -> None:
    defaults = WORDS[word]._defaults
    assert callable(defaults.get("run")) or callable(defaults.get("run_local"))
    assert "--json" in WORDS[word].format_help()


def test_the_words_of_the_archive_are_all_there() -> None:
    wanted = "find fetch send export import anonymise move verify correct delete restore jobs stores rules completeness"
    assert set(wanted.split()) <= set(WORDS)


def test_a_wrong_word_is_status_two() -> None:
    with redirect_stderr(io.StringIO()), pytest.raises(SystemExit) as ended:
        main(["nonsense"])
    assert ended.value.code == 2


def test_a_table_lines_up_chinese() -> None:
    out = io.StringIO()
    with redirect_stdout(out):
        output.table([("张三", 1), ("Smith", 22), ("a\nb", None)], "NAME", "N")
    assert out.getvalue().splitlines() == ["NAME   N", "张三   1", "Smith  22", "a b"]


@pytest.mark.parametrize(("text", "size"), [("", 0), ("cd", 700_000_000), ("DVD", 4_700_000_000), ("100", 100_000_000)])
def test_volumes_are_named_or_counted(text: str, size: int) -> None:
    assert fetching._volume(text) == size


def test_black_rectangles_ask_for_clean_pixels() -> None:
    options = parser().parse_args(["export", "1.2", "--to", ".", "--project", "P", "--black", "0,0,10,5"])
    plan = fetching.plan_of(options)
    assert plan is not None
    assert plan.options == (AnonymiseOption.CLEAN_PIXEL_DATA,)
    assert plan.rectangles == (Rectangle(left=0, top=0, right=10, bottom=5),)


def test_a_folder_is_packed_into_the_same_bytes_each_time(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("cd")
    (folder / "B").mkdir()
    (folder / "B" / "2").write_bytes(b"two")
    (folder / "a").write_bytes(b"one")
    made = []
    for _ in range(2):
        with giving.bundles(folder) as packed:
            made.append([(name, path.read_bytes()) for name, path in packed])
    assert made[0] == made[1]
    assert len(made[0]) == 1


def test_files_that_cannot_be_read_are_named_and_the_others_anonymised(tmp_path: Path) -> None:
    """An unreadable file keeps its mapping open in the frames of its error: no reason to stop."""
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\x08\0\x18\0UI" + b"\xff" * 40)
    (folder / "b.dcm").write_bytes(to_bytes(an_object(PatientName="Ouyang^Feifei")))
    (folder / "c.txt").write_text("no image")
    (folder / "d.dcm").write_bytes(b"")
    out = io.StringIO()
    words = [
        "anonymise",
        str(folder),
        "--to",
        str(tmp_path / "out"),
        "--project",
        "P",
        "--key-file",
        str(tmp_path / "k"),
    ]
    with redirect_stdout(out):
        assert main([*words, "--json"]) == output.PARTLY
    told = json.loads(out.getvalue())
    assert told["anonymised"] == 1
    assert {Path(name).name for name in told["failed"]} == {"a.dcm", "c.txt", "d.dcm"}
    assert b"Ouyang" not in (tmp_path / "out" / "000001.dcm").read_bytes()
    assert giving._objects_of([folder])[1] == [str(folder / name) for name in ("a.dcm", "c.txt", "d.dcm")]
