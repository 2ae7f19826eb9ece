"""The documentation site: it is built without a warning, and every link in it leads somewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from attrs import define, field

from tests.markdown import ROOT

CONFIGURATION = ROOT / "mkdocs.yml"

# The pages of a folder are built by the rules of the site, without the API reference.
SMALL = """
INHERIT: {rules}
docs_dir: docs
hooks: []
plugins: [search]
nav: [index.md]
"""


def build(configuration: Path, target: Path) -> subprocess.CompletedProcess[str]:
    """What `make docs` does, into another folder."""
    command = ("mkdocs", "build", "--strict", "--config-file", str(configuration))
    return subprocess.run(
        [sys.executable, "-m", *command, "--site-dir", str(target)],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@define
class Page(HTMLParser):
    """The links of a page, and the places in it that links can lead to."""

    links: set[str] = field(factory=set)
    anchors: set[str] = field(factory=set)

    def __attrs_pre_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "a" and named.get("href"):
            self.links.add(str(named["href"]))
        self.anchors |= {str(named[name]) for name in ("id", "name") if named.get(name)}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as strictly as `make docs` builds it."""
    target = tmp_path_factory.mktemp("site")
    done = build(CONFIGURATION, target)
    assert (done.returncode, done.stderr.count("WARNING")) == (0, 0), done.stderr
    return target


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    found = {}
    for path in site.rglob("*.html"):
        found[path] = Page()
        found[path].feed(path.read_text())
    return found


def dead(site: Path, pages: dict[Path, Page]) -> Iterator[str]:
    """The links within the site that lead nowhere."""
    for path, page in pages.items():
        base = site if path.name == "404.html" else path.parent
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            place = site / parts.path[1:] if parts.path.startswith("/") else base / parts.path
            target = (place if parts.path else path).resolve()
            target = target / "index.html" if target.is_dir() else target
            anchor = unquote(parts.fragment)
            is_there = target in pages and (not anchor or anchor in pages[target].anchors)
            if not is_there:
                yield f"{path.relative_to(site)}: {link}"


def test_every_link_of_the_site_leads_somewhere(site: Path, pages: dict[Path, Page]) -> None:
    assert list(dead(site.resolve(), {p.resolve(): page for p, page in pages.items()})) == []


def test_a_link_to_a_file_of_the_repository_leads_to_its_page(site: Path) -> None:
    page = site / "repository" / "infrastructure" / "contexts" / "orders.py" / "index.html"
    assert "ORDERS" in page.read_text()
    guide = (site / "guides" / "events" / "index.html").read_text()
    assert "../../repository/infrastructure/contexts/orders.py/" in guide


def test_the_reference_has_what_the_docstrings_promise(site: Path) -> None:
    ports = (site / "reference" / "ports" / "index.html").read_text()
    assert 'id="application.ports.unit_of_work.UnitOfWork.commit"' in ports
    commands = (site / "reference" / "commands" / "index.html").read_text()
    assert "dynastrata tables status" in commands


def test_the_pictures_are_diagrams(site: Path) -> None:
    assert (site / "how-it-works" / "index.html").read_text().count('class="mermaid"') >= 4


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("[gone](gone.md)", "gone.md"),
        ("[gone](index.md#gone)", "gone"),
        ("[gone](/gone/)", "absolute"),
        ("[gone](gone)", "gone"),
    ],
    ids=["a page", "an anchor", "an absolute link", "a file"],
)
def test_a_dead_link_fails_the_build(tmp_path: Path, written: str, complaint: str) -> None:
    done = build_small(tmp_path, {"index.md": f"# Here\n\n{written}\n"})
    assert done.returncode == 1
    assert complaint in done.stderr


def test_a_page_that_the_navigation_lacks_fails_the_build(tmp_path: Path) -> None:
    done = build_small(tmp_path, {"index.md": "# Here\n", "forgotten.md": "# Forgotten\n"})
    assert done.returncode == 1
    assert "forgotten.md" in done.stderr


def build_small(folder: Path, documents: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """A site of these documents alone."""
    (folder / "docs").mkdir()
    for name, text in documents.items():
        (folder / "docs" / name).write_text(text)
    configuration = folder / "mkdocs.yml"
    configuration.write_text(SMALL.format(rules=CONFIGURATION))
    return build(configuration, folder / "site")
