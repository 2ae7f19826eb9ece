"""What the documentation site needs beyond MkDocs, which calls these functions: see `mkdocs.yml`.

Documents link to files of the repository outside `docs/`. The site has a page for each of these,
and the links lead there. The page about the commands is what the commands say of themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from os.path import relpath
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page
from typer import Context
from typer.cli import get_docs_for_click
from typer.main import get_command

from api.cli.main import app

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"

COMMANDS = "reference/commands.md"
REPOSITORY = "repository/"
"""Where the site has the files outside `docs/`."""

_LINK = re.compile(r"\]\((?P<target>[^)\s#:]+)(?P<anchor>#[^)\s]*)?\)")
_LANGUAGES = {".py": "python", ".toml": "toml", ".yml": "yaml", ".sh": "bash"}


def on_config(config: MkDocsConfig) -> None:
    """Puts the files that a pattern of the navigation matches in its place."""
    for section in config.nav or ():
        for title, entries in section.items() if isinstance(section, dict) else ():
            if isinstance(entries, list):
                section[title] = [page for entry in entries for page in _matching(entry)]


def on_files(files: Files, *, config: MkDocsConfig) -> None:
    """Adds the page of each linked file outside `docs/`, and that of the commands."""
    for path in _linked():
        files.append(_generated(config, _uri(path), _content(path)))
    files.append(_generated(config, COMMANDS, _commands()))


def on_page_markdown(markdown: str, *, page: Page, **_: Any) -> str:
    """Lets links lead to where the site has what they name."""
    uri = page.file.src_uri
    origin = ROOT / uri.removeprefix(REPOSITORY) if uri.startswith(REPOSITORY) else DOCS / uri

    def led(link: re.Match[str]) -> str:
        target = (origin.parent / link["target"]).resolve()
        if not target.exists() or not target.is_relative_to(ROOT):
            return link[0]
        return f"]({relpath(_uri(target), Path(uri).parent)}{link['anchor'] or ''})"

    return _LINK.sub(led, markdown)


def _matching(entry: Any) -> list[Any]:
    if not isinstance(entry, str) or "*" not in entry:
        return [entry]
    return sorted(path.relative_to(DOCS).as_posix() for path in DOCS.glob(entry))


def _linked() -> list[Path]:
    """The files outside `docs/` that its documents link to, and those that these link to."""
    found: list[Path] = []
    pending = sorted(DOCS.rglob("*.md"))
    while pending:
        new = [path for path in _targets(pending.pop()) if path not in found]
        found += new
        pending += [path for path in new if path.suffix == ".md"]
    return found


def _targets(document: Path) -> Iterator[Path]:
    links = {link["target"] for link in _LINK.finditer(document.read_text())}
    for link in sorted(links):
        target = (document.parent / link).resolve()
        if target.is_file() and target.is_relative_to(ROOT) and not target.is_relative_to(DOCS):
            yield target


def _uri(path: Path) -> str:
    """Where the site has a file or folder, as its source."""
    if path.is_relative_to(DOCS):
        page = path / "README.md" if path.is_dir() else path
        return page.relative_to(DOCS).as_posix()
    uri = REPOSITORY + path.relative_to(ROOT).as_posix()
    return uri if uri.endswith(".md") else f"{uri}.md"


def _content(path: Path) -> str:
    if path.suffix == ".md":
        return path.read_text()
    language = _LANGUAGES.get(path.suffix, "text")
    return f"# {path.relative_to(ROOT)}\n\n````{language}\n{path.read_text()}````\n"


def _commands() -> str:
    command = get_command(app)
    written = get_docs_for_click(obj=command, ctx=Context(command), name="dynastrata")
    # Outside of code, <environment> would be taken for a tag and not be shown.
    return re.sub(r"`[^`]*`|<", lambda found: "&lt;" if found[0] == "<" else found[0], written)


def _generated(config: MkDocsConfig, uri: str, content: str) -> File:
    return File.generated(config, uri, content=content, inclusion=InclusionLevel.NOT_IN_NAV)
