"""Removing what names something that is gone, as a person would: whole statements, nothing else."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path


def remove_what_is_gone(path: Path, root: Path) -> None:
    """Deletes the statements of a module, and the members of its lists, that name what is gone.

    That is every import of a module that does not exist below `root` any more, and whatever uses
    what it brought.
    """
    source = path.read_text()
    gone: set[str] = set()
    while True:
        doomed = list(_doomed(ast.parse(source), gone, root))
        if not doomed:
            path.write_text(source)
            return
        node = doomed[0]
        gone |= _named(node)
        source = _without(source, node)


def _doomed(module: ast.Module, gone: set[str], root: Path) -> Iterator[ast.stmt | ast.expr]:
    for statement in [*module.body, *_members(module)]:
        if isinstance(statement, ast.ImportFrom):
            if not _exists(statement.module or "", root):
                yield statement
            continue
        sequences = [n for n in ast.walk(statement) if isinstance(n, ast.List | ast.Tuple)]
        listed = [member for each in sequences for member in each.elts]
        outer = [member for member in listed if isinstance(member, ast.Name | ast.Call)]
        named = [member for member in outer if _uses(member, gone)]
        if isinstance(statement, ast.Assign | ast.AnnAssign) and named:
            yield named[0]
        elif not isinstance(statement, ast.ClassDef) and _uses(statement, gone):
            yield statement


def _members(module: ast.Module) -> list[ast.stmt]:
    return [s for each in module.body if isinstance(each, ast.ClassDef) for s in each.body]


def _exists(name: str, root: Path) -> bool:
    if name.partition(".")[0] not in {"domain", "application", "infrastructure", "api"}:
        return True
    path = root / name.replace(".", "/")
    return path.with_suffix(".py").is_file() or path.is_dir()


def _uses(node: ast.AST, gone: set[str]) -> bool:
    return any(isinstance(each, ast.Name) and each.id in gone for each in ast.walk(node))


def _named(node: ast.stmt | ast.expr) -> set[str]:
    match node:
        case ast.ImportFrom(names=names):
            return {alias.asname or alias.name for alias in names}
        case ast.FunctionDef(name=name):
            return {name}
        case ast.Assign(targets=[ast.Name(id=name)]):
            return {name}
        case _:
            return set()


def _without(source: str, node: ast.stmt | ast.expr) -> str:
    lines = source.splitlines(keepends=True)
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(each.lineno for each in decorators)]) - 1
    if isinstance(node, ast.stmt):
        return "".join([*lines[:first], *lines[node.end_lineno :]])
    before = "".join(lines[: node.lineno - 1]) + lines[node.lineno - 1][: node.col_offset]
    after = lines[node.end_lineno - 1][node.end_col_offset :] + "".join(lines[node.end_lineno :])
    return before.rstrip(" ") + after.removeprefix(",").removeprefix(" ")
