"""The ratios as a picture: a bar for each peer and operation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from xml.etree import ElementTree as Xml

from scripts.bench.operations import BARE, PEERS
from scripts.bench.results import Figure, Figures

_COLOURS = ("#9e9e9e", "#00838f", "#1565c0", "#ef6c00", "#8d6e63", "#2e7d32", "#ad1457", "#6a1b9a")
_BAR = 11
_LABELS = 230  # where bars begin
_LONGEST = 480
_WIDTH = 780
_TOP = 62

Bar = tuple[str, float]
"""A peer, and how many times the bare call its processor time is."""


def bars(figures: Figures) -> Iterator[tuple[str, list[Bar]]]:
    """The operations that the bare call does, too, each with its bars."""
    for operation, by_peer in figures.items():
        if BARE.title in by_peer:
            yield operation, _bars_of(by_peer)


def svg(figures: Figures) -> str:
    """The picture, which needs no script and no font of its own."""
    groups = list(bars(figures))
    longest = max(ratio for _, of_peers in groups for _, ratio in of_peers)
    height = _TOP + sum(len(of_peers) * _BAR + 14 for _, of_peers in groups)
    root = Xml.Element(
        "svg",
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_WIDTH} {height}",
        attrib={"font-family": "sans-serif", "font-size": "10", "fill": "#212121"},
    )
    Xml.SubElement(root, "rect", width="100%", height="100%", fill="#ffffff")
    _text(root, 10, 20, "Processor time of an operation, as a multiple of the bare call's")
    _legend(root, [peer for _, of_peers in groups for peer, _ in of_peers])
    y = _TOP
    for operation, of_peers in groups:
        _text(root, 10, y + len(of_peers) * _BAR // 2 + 4, operation)
        for peer, ratio in of_peers:
            _bar(root, y, peer, ratio / longest * _LONGEST, f"{ratio:.1f}")
            y += _BAR
        y += 14
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode") + "\n"


def _bars_of(by_peer: Mapping[str, Figure]) -> list[Bar]:
    bare = by_peer[BARE.title].cpu
    return [(peer, figure.cpu.times(bare)) for peer, figure in by_peer.items()]


def _legend(root: Xml.Element, named: list[str]) -> None:
    x = 10
    for peer in dict.fromkeys(named):
        Xml.SubElement(root, "rect", x=f"{x}", y="34", width="10", height="10", fill=_colour(peer))
        _text(root, x + 14, 43, peer)
        x += 34 + 6 * len(peer)


def _bar(root: Xml.Element, y: int, peer: str, length: float, label: str) -> None:
    Xml.SubElement(
        root,
        "rect",
        x=f"{_LABELS}",
        y=f"{y}",
        width=f"{length:.1f}",
        height=f"{_BAR - 1}",
        fill=_colour(peer),
    )
    _text(root, round(_LABELS + length + 4), y + _BAR - 2, label)


def _text(root: Xml.Element, x: int, y: int, text: str) -> None:
    Xml.SubElement(root, "text", x=f"{x}", y=f"{y}").text = text


def _colour(title: str) -> str:
    return dict(zip((peer.title for peer in PEERS), _COLOURS, strict=True))[title]
