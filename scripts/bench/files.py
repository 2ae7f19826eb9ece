"""What a run leaves in the documentation: figures for machines, a picture, tables in a guide."""

from __future__ import annotations

import re
from pathlib import Path

import cattrs
import orjson

from infrastructure.engines.provision import REPOSITORY
from scripts.bench import tables
from scripts.bench.chart import svg
from scripts.bench.results import Results

DOCS = REPOSITORY / "docs"

_PARTS = re.compile(r"(<!-- bench: (\w+) -->\n).*?(<!-- /bench -->)", re.DOTALL)


def write(results: Results, docs: Path = DOCS) -> None:
    """Writes `bench.json` and `bench.svg`, and the tables of the guide to speed."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    written = orjson.dumps(cattrs.unstructure(results), option=options)
    (docs / "bench.json").write_bytes(written)
    (docs / "bench.svg").write_text(svg(results.figures))
    guide = docs / "guides" / "speed.md"
    guide.write_text(with_tables(guide.read_text(), results))


def read(docs: Path = DOCS) -> Results:
    """What was written last."""
    return cattrs.structure(orjson.loads((docs / "bench.json").read_bytes()), Results)


def with_tables(guide: str, results: Results) -> str:
    """The guide with the tables of a run, each between its two comments."""
    parts = {
        "run": f"Measured on {results.date}, on {results.machine}.\n",
        "ratios": tables.markdown(tables.ratios(results.figures)),
        "wall": tables.markdown(tables.wall_times(results.figures)),
        "memory": tables.markdown(tables.memory(results)),
        "units": tables.markdown(tables.units(results)),
    }
    return _PARTS.sub(lambda found: f"{found[1]}\n{parts[found[2]]}\n{found[3]}", guide)
