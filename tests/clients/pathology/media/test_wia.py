"""Windows' scanners through PowerShell's command line: what is asked, what comes back, what goes wrong."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from clients.pathology.media.scanning import FAILED, NO_SCANNER, ScanTrouble
from clients.pathology.media.wia import LIST, MOST_PAGES, NO_PAPER, PREFIX, WiaScanner

DEVICE = r"{6BDD1FC6-810F-11D0-BEC7-08002BE2092F}\0000"
"""As Windows names them: the class of imaging devices and a number."""

# Stands for powershell.exe with a flatbed "Scan Jet" and a feeder of two sheets: reads what it is told as PowerShell
# does (-EncodedCommand, UTF-16 in Base64), and does what the WIA objects named in the script would do.
FAKE = r"""
import base64, re, sys
args = sys.argv[1:]
assert args[:2] == ["-NoProfile", "-NonInteractive"], args
script = base64.b64decode(args[args.index("-EncodedCommand") + 1]).decode("utf-16-le")
assert "New-Object -ComObject WIA.DeviceManager" in script
if "Transfer" not in script:
    assert "$one.Type -eq 1" in script
    sys.stdout.buffer.write((r"DEVICE" + "\tScan Jet 扫描仪\r\n").encode())
    sys.exit(0)
words = [base64.b64decode(one).decode() for one in re.findall(r"FromBase64String\('([^']*)'\)", script)]
device, folder = words
if device != r"DEVICE": sys.exit(3)
if MODE == "empty": sys.exit(4)
if MODE == "jam": sys.exit(1)
assert "'6147', 300" in script and "B96B3CAF-0728-11D3-9D7B-0000F81EF32E" in script and "-lt 50" in script
import cv2, numpy
for page in (1, 2):
    cv2.imwrite(f"{folder}/{page:03d}.png", numpy.full((40, 30, 3), 60 * page, numpy.uint8))
if MODE == "torn": open(f"{folder}/003.png", "wb").write(b"\x89PNG broken")
"""


def scanner(folder: Path, mode: str = "") -> WiaScanner:
    tool = folder / "powershell.py"
    tool.write_text(f"MODE = {mode!r}\n" + FAKE.replace("DEVICE", DEVICE), "utf-8")
    return WiaScanner((sys.executable, str(tool)), dots_per_inch=300)


def test_scanners_are_listed_by_their_names(tmp_path: Path) -> None:
    (device,) = scanner(tmp_path).devices()
    assert device.key == PREFIX + DEVICE and device.name == "Scan Jet 扫描仪"
    assert WiaScanner(()).devices() == () and WiaScanner(("/no/such/tool",)).devices() == ()


def test_every_sheet_of_the_feeder_comes_in_its_order(tmp_path: Path) -> None:
    pages = scanner(tmp_path).scan(PREFIX + DEVICE)
    assert [int(page[0, 0, 0]) for page in pages] == [60, 120] and pages[0].shape == (40, 30, 3)


@pytest.mark.parametrize(
    ("mode", "key", "sentence"),
    [
        ("", PREFIX + "other", NO_SCANNER),
        ("empty", PREFIX + DEVICE, NO_PAPER),
        ("jam", PREFIX + DEVICE, FAILED),
        ("torn", PREFIX + DEVICE, FAILED),
        ("", PREFIX + "'; Remove-Item C:\\ -Recurse; '", NO_SCANNER),
    ],
)
def test_trouble_is_a_sentence(tmp_path: Path, mode: str, key: str, sentence: str) -> None:
    with pytest.raises(ScanTrouble, match=sentence[:8]):
        scanner(tmp_path, mode).scan(key)
    with pytest.raises(ScanTrouble):
        WiaScanner(()).scan(key)


def test_the_scripts_say_what_the_interface_wants() -> None:
    assert "DeviceInfos" in LIST and MOST_PAGES == 50
