"""Scanners on Windows: WIA, the system's own scanner interface, through its automation objects; knows no Qt.

WIA 2.0 Automation (`WIA.DeviceManager`, wiaaut.dll) comes with every Windows since Vista and drives what has a WIA or,
through the system's compatibility layer, a TWAIN driver. It is a COM interface; PowerShell speaks COM without any
package, so the scripts below are the whole adapter. Pages come back as PNG files in a folder of our own.
"""

from __future__ import annotations

import base64
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from clients.kit.camera.importing import NotAPicture, read_picture
from clients.kit.camera.port import Picture
from clients.pathology.media.scanning import FAILED, NO_SCANNER, SaneScanner, Scanner, ScannerDevice, ScanTrouble

_LIST_S, _SCAN_S = 30, 300
MOST_PAGES = 50
PREFIX = "wia:"

LIST = """
$ErrorActionPreference = 'Stop'
[Console]::OutputEncoding = [System.Text.Encoding]::UTF8
$infos = (New-Object -ComObject WIA.DeviceManager).DeviceInfos
for ($i = 1; $i -le $infos.Count; $i++) {
  $one = $infos.Item($i)
  if ($one.Type -eq 1) { Write-Output ($one.DeviceID + "`t" + $one.Properties.Item('Name').Value) }
}
"""
"""A line for each scanner (WiaDeviceType 1): its id, a tab, its name."""

SCAN = """
$ErrorActionPreference = 'Stop'
[Console]::OutputEncoding = [System.Text.Encoding]::UTF8
$wanted = [System.Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('{device}'))
$folder = [System.Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('{folder}'))
$infos = (New-Object -ComObject WIA.DeviceManager).DeviceInfos
$device = $null
for ($i = 1; $i -le $infos.Count; $i++) {
  if ($infos.Item($i).DeviceID -eq $wanted) { $device = $infos.Item($i).Connect() }
}
if ($device -eq $null) { exit 3 }
$feeder = $false
try {
  if (($device.Properties.Item('3087').Value -band 1) -ne 0) {  # the feeder is ready to be used
    $device.Properties.Item('3088').Value = 1; $feeder = $true
  }
} catch { }
$item = $device.Items.Item(1)
foreach ($setting in @(@('6146', 1), @('6147', {dots}), @('6148', {dots}))) {
  try { $item.Properties.Item($setting[0]).Value = $setting[1] } catch { }  # colour, dots an inch across and down
}
$page = 0
do {
  try { $image = $item.Transfer('{B96B3CAF-0728-11D3-9D7B-0000F81EF32E}') }  # PNG
  catch { if ($page -gt 0) { break } elseif ($_.Exception.HResult -eq -2145320957) { exit 4 } else { throw } }
  $page++
  $image.SaveFile((Join-Path $folder ('{0:d3}.png' -f $page)))
} while ($feeder -and $page -lt {most})
"""
"""Pages into the folder; 3: no such device, 4: no paper (WIA_ERROR_PAPER_EMPTY)."""
NO_PAPER = "扫描仪中没有纸，请放好后重试。"


class WiaScanner:
    """media.scanning.Scanner on Windows; `tool` stands for PowerShell in tests."""

    def __init__(self, tool: Sequence[str] | None = None, dots_per_inch: int = 200) -> None:
        found = shutil.which("powershell") or shutil.which("pwsh")
        self._tool = tuple(tool) if tool is not None else (found,) if found else ()
        self._dots = dots_per_inch

    def devices(self) -> tuple[ScannerDevice, ...]:
        """Those there are now (blocking)."""
        done = self._run(LIST, _LIST_S)
        if done is None or done.returncode:
            return ()
        lines = (line.split("\t", 1) for line in done.stdout.splitlines() if "\t" in line)
        return tuple(ScannerDevice(PREFIX + key.strip()[:200], name.strip()[:80]) for key, name in lines)[:16]

    def scan(self, key: str) -> tuple[Picture, ...]:
        """The pages there are: all of the feeder, or the one on the glass (blocking). Raises ScanTrouble."""
        if not self._tool:
            raise ScanTrouble(NO_SCANNER)
        with tempfile.TemporaryDirectory(prefix="mingjing-scan-") as name:
            script = SCAN.replace("{device}", _coded(key.removeprefix(PREFIX))).replace("{folder}", _coded(name))
            script = script.replace("{dots}", str(self._dots)).replace("{most}", str(MOST_PAGES))
            done = self._run(script, _SCAN_S)
            if done is None:
                raise ScanTrouble(FAILED)
            if done.returncode == 3:
                raise ScanTrouble(NO_SCANNER)
            if done.returncode == 4:
                raise ScanTrouble(NO_PAPER)
            try:
                pages = tuple(read_picture(path) for path in sorted(Path(name).glob("*.png"))[:MOST_PAGES])
            except (NotAPicture, OSError) as error:
                raise ScanTrouble(FAILED) from error
        if done.returncode or not pages:
            raise ScanTrouble(FAILED)
        return pages

    def _run(self, script: str, limit_s: float) -> subprocess.CompletedProcess[str] | None:
        """Run a script: as UTF-16 in Base64, so that no shell reads what a device calls itself."""
        if not self._tool:
            return None
        coded = base64.b64encode(script.encode("utf-16-le")).decode("ascii")
        order = [*self._tool, "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-EncodedCommand", coded]
        try:
            return subprocess.run(
                order, capture_output=True, text=True, encoding="utf-8", errors="replace", timeout=limit_s, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return None


def _coded(words: str) -> str:
    return base64.b64encode(words.encode()).decode("ascii")


def system_scanner() -> Scanner:
    """The scanners of this computer: WIA on Windows, SANE elsewhere."""
    return WiaScanner() if sys.platform == "win32" else SaneScanner()
