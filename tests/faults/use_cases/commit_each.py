"""Many at once, each in a commit of its own, as the fault matrix calls it."""

from __future__ import annotations

from typing import Any

from application.commit_each import commit_each
from tests.faults.matrix.service import Service
from tests.faults.matrix.use_cases import UseCase
from tests.faults.use_cases.changes import ADA, ada, ban


def each(service: Service, _: object) -> object:
    """Of two, one of which is not there. The first that is not known to be stored is raised."""

    def change(unit: Any, person_id: str) -> None:
        person = unit.people.get(person_id)
        ban(person)
        unit.people.save(person)

    results = commit_each(service.container.unit_of_work, [ADA, "nobody"], change)
    for result, is_there in zip(results, (True, False), strict=True):
        if result.error is not None and (is_there or "NotFound" not in type(result.error).__name__):
            raise result.error
    return results


COMMIT_EACH = (UseCase(name="commit_each", prepare=ada, run=each),)
