"""How each run of a use case begins: with what was prepared for it."""

from __future__ import annotations

import random
from typing import Any

from attrs import evolve, frozen

from tests.faults.matrix.invariants import Items
from tests.faults.matrix.service import NumberedIds, Service, Time
from tests.faults.matrix.use_cases import UseCase


@frozen(eq=False)
class Beginning:
    """What `prepare` of a use case returned, and what it left."""

    use_case: UseCase
    prepared: Any
    items: Items
    time: Time
    ids: NumberedIds
    randomness: Any


def begin(service: Service, use_case: UseCase) -> Any:
    """Begins a run; what the use case has prepared for it."""
    beginning = service.beginning
    if beginning is None or beginning.use_case is not use_case or use_case.is_prepared_anew:
        beginning = service.beginning = _prepare(service, use_case)
    else:
        _restore(service, beginning)
    use_case.empty(service)
    service.network.reset()
    return beginning.prepared


def _prepare(service: Service, use_case: UseCase) -> Beginning:
    service.begin()
    service.tables.renew(service.schemas(*use_case.renewed))
    service.tables.restore({})
    prepared = use_case.prepare(service)
    return Beginning(
        use_case=use_case,
        prepared=prepared,
        items=service.tables.items(),
        time=evolve(service.time),
        ids=evolve(service.ids),
        randomness=random.getstate(),
    )


def _restore(service: Service, beginning: Beginning) -> None:
    service.begin()
    service.tables.restore(beginning.items)
    service.time.start = beginning.time.start
    service.time.passed, service.time.tick = beginning.time.passed, beginning.time.tick
    service.ids.count, service.ids.prepared = beginning.ids.count, beginning.ids.run
    random.setstate(beginning.randomness)
