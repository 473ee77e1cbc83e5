"""What the demo leaves behind: pictures, documents, figures, and pages to look at them."""

from __future__ import annotations

import html
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Step:
    """One step of the story as it happened."""

    number: int
    title: str
    title_en: str
    seconds: float = 0.0
    sentences: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


class Record:
    """Collects steps, prints them as they go, writes `summary.json` and `index.html` into `folder`."""

    def __init__(self, folder: Path, total: int) -> None:
        self.folder = folder
        self._total = total
        self._started = time.monotonic()
        self.steps: list[Step] = []
        self.figures: dict[str, float | int | str] = {}
        folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def step(self, title: str, title_en: str) -> Iterator[Step]:
        """Open a step; prints its beginning and its end with the seconds it took."""
        step = Step(len(self.steps) + 1, title, title_en)
        self.steps.append(step)
        print(f"[{step.number:2}/{self._total}] {title} · {title_en}", flush=True)
        started = time.monotonic()
        yield step
        step.seconds = round(time.monotonic() - started, 2)
        for sentence in step.sentences:
            print(f"        {sentence}", flush=True)
        print(f"        {step.seconds:.1f} s, {time.monotonic() - self._started:.0f} s in all", flush=True)

    def file(self, step: Step, name: str) -> Path:
        """Return the path for a file of this step, listed in the pages."""
        full = f"{step.number:02}-{name}"
        step.files.append(full)
        return self.folder / full

    def finish(self, about: dict[str, Any]) -> Path:
        """Write the summary and the page; returns the page."""
        summary = {
            **about,
            "seconds": round(time.monotonic() - self._started, 1),
            "figures": self.figures,
            "steps": [asdict(step) for step in self.steps],
        }
        text = json.dumps(summary, ensure_ascii=False, indent=2)
        (self.folder / "summary.json").write_text(text + "\n", encoding="utf-8")
        page = self.folder / "index.html"
        page.write_text(_page(self.steps, self.figures, about), encoding="utf-8")
        return page


_STYLE = """
body{font:16px/1.6 "Noto Sans SC","Microsoft YaHei",sans-serif;color:#1c2530;background:#f5f6f8;margin:0 auto;
max-width:1180px;padding:32px 24px}
h1{font-size:26px;margin:0 0 4px}h2{font-size:18px;margin:40px 0 8px;border-top:1px solid #d5dae1;padding-top:20px}
small{color:#657080;font-weight:normal}p{margin:4px 0}figure{margin:12px 0}
img{max-width:100%;border:1px solid #d5dae1;background:#fff}table{border-collapse:collapse}
td{padding:3px 24px 3px 0;border-bottom:1px solid #e3e7ec}td+td{text-align:right;font-variant-numeric:tabular-nums}
a{color:#1769aa}
"""


def _page(steps: list[Step], figures: dict[str, float | int | str], about: dict[str, Any]) -> str:
    parts = [
        f'<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>明镜 · 演示</title><style>{_STYLE}</style>',
        "<h1>明镜：影像科的一天 <small>Mingjing: a day in the imaging department</small></h1>",
        *(f"<p>{html.escape(str(key))}: {html.escape(str(value))}</p>" for key, value in about.items()),
        "<h2>数据 <small>Figures</small></h2><table>",
        *(f"<tr><td>{html.escape(key)}</td><td>{html.escape(str(value))}</td></tr>" for key, value in figures.items()),
        "</table>",
    ]
    for step in steps:
        parts.append(
            f"<h2>{step.number}. {html.escape(step.title)} "
            f"<small>{html.escape(step.title_en)}, {step.seconds} s</small></h2>"
        )
        parts += [f"<p>{html.escape(sentence)}</p>" for sentence in step.sentences]
        for name in step.files:
            safe = html.escape(name, quote=True)
            if name.endswith(".png"):
                parts.append(f'<figure><a href="{safe}"><img src="{safe}" loading="lazy" alt="{safe}"></a></figure>')
            elif name.endswith(".wav"):
                parts.append(f'<p><audio controls src="{safe}"></audio> <a href="{safe}">{safe}</a></p>')
            else:
                parts.append(f'<p><a href="{safe}">{safe}</a></p>')
    return "\n".join(parts) + "\n</html>\n"
