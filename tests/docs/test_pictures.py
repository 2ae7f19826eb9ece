"""The pictures of how it works name classes and methods that there are."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from tests.markdown import ROOT, Block, blocks

PAGE = ROOT / "docs" / "how-it-works.md"

_PARTICIPANT = re.compile(r"^\s*participant (\w+)$", re.MULTILINE)
_CALL = re.compile(r"->>\+?(\w+): (\w+)\(")
_CLASS = re.compile(r"^class (\w+)", re.MULTILINE)


def pictures() -> list[Block]:
    return [block for block in blocks(PAGE) if block.language == "mermaid"]


def classes() -> dict[str, Path]:
    """The classes of the application and the infrastructure, and where each is."""
    layers = [
        path for layer in ("application", "infrastructure") for path in (ROOT / layer).rglob("*.py")
    ]
    return {name: path for path in layers for name in _CLASS.findall(path.read_text())}


def has(class_name: str, method: str) -> bool:
    module = classes()[class_name].relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
    return hasattr(getattr(import_module(module), class_name), method)


@pytest.mark.parametrize(
    "heading", ["A commit", "A lost answer", "The outbox and its relay", "A projection"]
)
def test_there_is_a_picture_of(heading: str) -> None:
    _, _, below = PAGE.read_text().partition(f"\n## {heading}\n")
    section, _, _ = below.partition("\n## ")
    assert "```mermaid\nsequenceDiagram\n" in section


@pytest.mark.parametrize("picture", pictures(), ids=lambda block: f"line {block.line}")
def test_every_participant_is_a_class(picture: Block) -> None:
    named = set(_PARTICIPANT.findall(picture.code))
    assert named
    assert named - classes().keys() == set()


@pytest.mark.parametrize("picture", pictures(), ids=lambda block: f"line {block.line}")
def test_every_call_is_a_method_of_who_is_called(picture: Block) -> None:
    participants = set(_PARTICIPANT.findall(picture.code))
    calls = [(who, what) for who, what in _CALL.findall(picture.code) if who in participants]
    assert calls
    assert [(who, what) for who, what in calls if not has(who, what)] == []
