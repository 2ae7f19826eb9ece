"""The mutants of a module: its code, changed in one place."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from difflib import ndiff
from itertools import chain
from typing import Any, TypeAlias

from attrs import field, frozen
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

_BINARY = ("Add_Sub", "Sub_Add", "Mul_Add", "Div_Mul", "FloorDiv_Mul", "Mod_Add", "Pow_Mul")
_BITS = ("BitOr_BitAnd", "BitAnd_BitOr", "LShift_RShift", "RShift_LShift")
_COMPARISONS = ("Eq_NotEq", "NotEq_Eq", "Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt")
_IDENTITIES = ("Is_IsNot", "IsNot_Is")

OPERATORS = (
    *(f"ReplaceBinaryOperator_{pair}" for pair in (*_BINARY, *_BITS)),
    *(f"ReplaceComparisonOperator_{pair}" for pair in (*_COMPARISONS, *_IDENTITIES)),
    *("ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue"),
    *("AddNot", "ReplaceUnaryOperator_Delete_Not", "ReplaceUnaryOperator_Delete_USub"),
    *("ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ZeroIterationForLoop"),
    *("ExceptionReplacer", "NumberReplacer"),
)
"""The operators of Cosmic Ray that are used: of those that replace an operator, the nearest one."""

Change: TypeAlias = tuple[str, str]
"""What lines were, and what they became."""


@frozen(order=True)
class Mutant:
    """A module with a change: the lines `was` became the lines `now`."""

    line: int
    was: str
    now: str
    code: str = field(repr=False)

    def __str__(self) -> str:
        return f"{self.was} -> {self.now}"

    @property
    def change(self) -> Change:
        """What the lines were and became."""
        return self.was, self.now


class RemoveStatement:
    """An operator in the way of Cosmic Ray, which has none: a call, a raise or a change goes."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
        """Where it applies: once a statement."""
        if node.type == "simple_stmt" and self._does_something(node.children[0]):
            yield node.children[0].start_pos, node.children[0].end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """The statement, gone."""
        node.children[0] = get_ast(node.children[0].get_first_leaf().prefix + "pass")
        return node

    @staticmethod
    def _does_something(statement: Any) -> bool:
        if statement.type == "expr_stmt":
            target, operator = statement.children[:2]
            return bool(target.type == "atom_expr" and operator.type == "operator") or (
                operator.type == "operator" and operator.value != "="
            )
        return statement.type in ("atom_expr", "raise_stmt")


def mutants(source: str, of: Collection[str] | None = None) -> list[Mutant]:
    """Every change of a module that is Python still, in the order of its lines.

    Or `of` these lines only. Types, decorators and defaults are left alone: they say what is, not
    what happens.
    """
    operators = [RemoveStatement(), *(get_operator(f"core/{name}")() for name in OPERATORS)]
    declarations = list(_declarations(source))
    lines = source.splitlines()
    nodes = list(ast_nodes(get_ast(source)))
    found = []
    for operator in operators:
        positions = [p for node in nodes for p in operator.mutation_positions(node)]
        for occurrence, (start, end) in enumerate(positions):
            if any(first <= start < last for first, last in declarations):
                continue
            line = lines[start[0] - 1]
            if of is not None and line.strip() not in of:
                continue
            if line.lstrip().startswith("except") and "." in line[start[1] : end[1]]:
                continue  # Cosmic Ray fails to replace a dotted name in a tuple of exceptions
            code = mutate_code(source, operator, occurrence)
            if _is_python(code):
                found.append(Mutant(start[0], *_difference(source, code), code))
    return sorted(found)


def _difference(source: str, code: str) -> tuple[str, str]:
    lines = list(ndiff(source.splitlines(), code.splitlines()))
    was, now = (
        " ".join(line[2:].strip() for line in lines if line.startswith(sign)) for sign in "-+"
    )
    return was, now


def _declarations(source: str) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    for node in ast.walk(ast.parse(source)):
        names = ("annotation", "returns", "decorator_list", "defaults", "kw_defaults")
        parts = [getattr(node, name, None) for name in names]
        if isinstance(node, ast.ClassDef):  # the defaults of its attributes
            parts.append([each.value for each in node.body if isinstance(each, ast.AnnAssign)])
        if isinstance(node, ast.keyword) and node.arg == "strict":  # of zip: an assertion
            parts.append(node.value)
        for found in chain.from_iterable(p if isinstance(p, list) else [p] for p in parts):
            if isinstance(found, ast.expr) and found.end_lineno and found.end_col_offset:
                yield (found.lineno, found.col_offset), (found.end_lineno, found.end_col_offset)


def _is_python(code: str) -> bool:
    try:
        compile(code, "mutant", "exec")
    except SyntaxError:
        return False
    return True
