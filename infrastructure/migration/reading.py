"""From a document to a contract that can run, or to all that is wrong with it."""

from __future__ import annotations

from pathlib import Path

from infrastructure.migration.checks import check_contract
from infrastructure.migration.contract import Contract
from infrastructure.migration.dialects import v1, v2
from infrastructure.migration.document import Place, parse_json
from infrastructure.migration.errors import InvalidContract, Problem, errors_of

ROOT = "contract"
"""The path of what concerns the document as a whole."""


def read_contract(path: Path) -> Contract:
    """The contract in a file of JSON. Raises `InvalidContract`, also where it cannot be read."""
    return contract_from(read_document(path))


def contract_from(document: object) -> Contract:
    """The contract that a document of either dialect says. Raises `InvalidContract`."""
    contract, _ = contract_and_warnings(document)
    return contract


def read_document(path: Path) -> object:
    """The document in a file. Raises `InvalidContract` where there is none or it is no JSON."""
    try:
        return parse_json(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InvalidContract((f"{ROOT}: cannot be read: {error.strerror}",)) from error
    except ValueError as error:
        is_text = not isinstance(error, UnicodeDecodeError)
        cause = f"is no JSON: {error}" if is_text else "is not in UTF-8"
        raise InvalidContract((f"{ROOT}: {cause}",)) from error


def contract_and_warnings(document: object) -> tuple[Contract, tuple[Problem, ...]]:
    """The contract, and what it warns of. Raises `InvalidContract`.

    What breaks the form of a dialect is told before what breaks a rule: most of the latter would
    only follow from the former.
    """
    problems: list[Problem] = []
    contract = _read(document, problems)
    if not errors_of(problems):
        problems.extend(check_contract(contract))
    errors = errors_of(problems)
    if errors:
        raise InvalidContract(errors)
    return contract, tuple(problems)


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
