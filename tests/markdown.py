"""The documents of this repository, and what stands in them."""

from __future__ import annotations

import re
from itertools import takewhile
from pathlib import Path

from attrs import frozen

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
GUIDES = ROOT / "docs" / "guides"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])

_BLOCK = re.compile(r"^```(?P<language>\w*)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)

Row = dict[str, str]
"""One row of a table, by its column titles, without the marks of code."""


@frozen
class Block:
    """A block of code. `line` is that of its first line in the document."""

    path: Path
    language: str
    code: str
    line: int


def name(path: Path) -> str:
    """A document as a test names it."""
    return path.relative_to(ROOT).as_posix()


def blocks(path: Path) -> list[Block]:
    """Every block of code of a document, in order."""
    text = path.read_text()
    return [
        Block(path, m["language"], m["code"], text.count("\n", 0, m.start("code")) + 1)
        for m in _BLOCK.finditer(text)
    ]


def prose(path: Path) -> str:
    """A document without its blocks of code."""
    return _BLOCK.sub("", path.read_text())


def table(path: Path, heading: str) -> list[Row]:
    """The first table below a heading."""
    lines = path.read_text().splitlines()
    below = lines[next(n for n, line in enumerate(lines) if line.lstrip("# ") == heading) :]
    start = next(n for n, line in enumerate(below) if line.startswith("|"))
    titles, _, *rows = [
        _cells(row) for row in takewhile(lambda r: r.startswith("|"), below[start:])
    ]
    return [dict(zip(titles, row, strict=True)) for row in rows]


def _cells(row: str) -> list[str]:
    return [cell.strip().replace("`", "") for cell in row.strip()[1:-1].split("|")]
