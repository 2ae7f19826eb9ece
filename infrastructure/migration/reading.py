"""From a document to a contract that can run, or to all that is wrong with it."""

from __future__ import annotations

from pathlib import Path

from infrastructure.migration.contract import Contract
from infrastructure.migration.dialects import v1, v2
from infrastructure.migration.dialects.document import Place, parse_json
from infrastructure.migration.errors import InvalidContract, Problem, errors_of
from infrastructure.migration.rules.checks import check_contract

ROOT = "contract"
"""The path of what concerns the document as a whole."""


def read_contract(path: Path) -> Contract:
    """The contract in a file of JSON. Raises `InvalidContract`, also where it cannot be read."""
    return _sound(*examine_file(path))


def contract_from(document: object) -> Contract:
    """The contract that a document of either dialect says. Raises `InvalidContract`."""
    return _sound(*examine(document))


def examine_file(path: Path) -> tuple[Contract | None, tuple[Problem, ...]]:
    """As `examine`, of a file."""
    try:
        return examine(parse_json(path.read_text(encoding="utf-8-sig")))
    except OSError as error:
        cause = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        cause = "is not in UTF-8"
    except ValueError as error:
        cause = f"is no JSON: {error}"
    return None, (Problem(ROOT, cause),)


def examine(document: object) -> tuple[Contract | None, tuple[Problem, ...]]:
    """The contract, or none where there are errors, and all errors and warnings.

    What breaks the form of a dialect is told before what breaks a rule: most of the latter would
    only follow from the former.
    """
    problems: list[Problem] = []
    contract = _read(document, problems)
    if not errors_of(problems):
        problems.extend(check_contract(contract))
    return None if errors_of(problems) else contract, tuple(problems)


def _sound(contract: Contract | None, problems: tuple[Problem, ...]) -> Contract:
    if contract is None:
        raise InvalidContract(errors_of(problems))
    return contract


def _read(document: object, problems: list[Problem]) -> Contract:
    root = Place(document, ROOT, problems)
    if isinstance(document, list):
        tables = v1.read_tables(Place(document, "tables", problems))
    elif isinstance(document, dict) and "tables" in document:
        tables = v2.read_tables(Place(document, "", problems))
    else:
        root.wrong("must be an object with `tables`, or an array of entries")
        return Contract(())
    if not tables and not problems:
        root.wrong("names no table")
    return Contract(tables)
