"""A template as YAML."""

from __future__ import annotations

from collections.abc import Mapping

import yaml
from typing_extensions import override


def to_yaml(content: Mapping[str, object]) -> str:
    """A document with the innermost mappings and lists on one line: its size is limited."""
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=100)


class _Dumper(yaml.SafeDumper):
    """Writes what occurs twice twice."""

    @override
    def ignore_aliases(self, data: object) -> bool:
        return True
