"""A template as YAML."""

from __future__ import annotations

from collections.abc import Mapping

import yaml
from typing_extensions import override


def to_yaml(content: Mapping[str, object]) -> str:
    """A document with the innermost mappings and lists on one line: its size is limited."""
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=100)


class _Dumper(yaml.SafeDumper):
    """Writes what occurs twice twice, and what begins like a number in quotes.

    Readers of YAML 1.2 take more for numbers than the library thinks of, such as an account that
    begins with 0.
    """

    @override
    def represent_str(self, data: str) -> yaml.ScalarNode:
        style = '"' if data[:1].isdigit() else None
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)

    @override
    def ignore_aliases(self, data: object) -> bool:
        return True


_Dumper.add_representer(str, _Dumper.represent_str)
