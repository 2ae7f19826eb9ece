"""Mixed work of several threads on one store, and the account of what must be stored then."""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

from attrs import define, field

from api.container import Container
from application.errors import CommitOutcomeUnknown, StorageError
from application.ports.outbox import OutboxMessage
from domain.errors import Conflict, DynastrataError, NotFound
from tests.samples.contexts import Unit
from tests.samples.parcels import ParcelNotFound, line, new_parcel
from tests.samples.people import Email, new_person
from tests.times import NOW

THREADS = 8

_SHARED = 12
"""Addresses and parcels that all threads contend for."""


@define
class Account:
    """What the callers were told, by the name of what they wrote: each name is written once.

    `strange` is what is no error that the ports tell of; `seconds` is how long each call took.
    """

    told: dict[str, dict[str, str]] = field(factory=lambda: defaultdict(dict))
    errors: Counter[str] = field(factory=Counter)
    strange: list[Exception] = field(factory=list)
    seconds: list[float] = field(factory=list)

    @property
    def calls(self) -> int:
        return len(self.seconds)

    def known(self, what: str, outcome: str) -> set[str]:
        return {name for name, told in list(self.told[what].items()) if told == outcome}

    def percentile(self, share: float) -> float:
        """Milliseconds within which this share of the calls ended."""
        return sorted(self.seconds)[int(share * (len(self.seconds) - 1))] * 1000


@define
class Worker:
    """One thread: registers people, renames them, adds lines to parcels, reads."""

    container: Container
    account: Account
    random: random.Random

    def work(self, goes_on: Callable[[], bool]) -> None:
        while goes_on():
            doing = self.random.choice([self.register, self.rename, self.add_line, self.read])
            began = time.perf_counter()
            try:
                doing()
            except DynastrataError as error:
                self.account.errors[type(error).__name__] += 1
            except Exception as error:  # noqa: BLE001 the account is judged at the end
                self.account.strange.append(error)
            self.account.seconds.append(time.perf_counter() - began)

    def register(self) -> None:
        name = uuid4().hex
        is_contended = self.random.random() < 0.2
        email = str(self.random.randrange(_SHARED)) if is_contended else name
        with self._unit() as unit:
            unit.people.add(new_person(f"{email}@example.com", id=name))
            self._commit(unit, "people", name)

    def rename(self) -> None:
        person_id, name = self._somebody(), uuid4().hex
        with self._unit() as unit:
            person = unit.people.get(person_id)
            person.change_name(name, person.first_name, NOW)
            unit.people.save(person)
            self._commit(unit, person_id, name)

    def add_line(self) -> None:
        parcel_id, name = f"parcel-{self.random.randrange(_SHARED)}", uuid4().hex
        with self._unit() as unit:
            try:
                parcel = unit.parcels.get(parcel_id)
            except ParcelNotFound:
                unit.parcels.add(new_parcel(name, id=parcel_id))
            else:
                parcel.add_line(line(name), NOW)
                unit.parcels.save(parcel)
            self._commit(unit, parcel_id, name)

    def read(self) -> None:
        with self._unit() as unit:
            person = unit.people.get(self._somebody())
            unit.people.get_by_email(Email(person.email.value))

    def _somebody(self) -> str:
        known = list(self.account.known("people", "committed"))
        return self.random.choice(known or ["nobody"])

    def _unit(self) -> Unit:
        return self.container.unit_of_work()

    def _commit(self, unit: Unit, what: str, name: str) -> None:
        told = self.account.told[what]
        try:
            unit.commit()
        except CommitOutcomeUnknown:
            told[name] = "unknown"
            raise
        except (Conflict, StorageError):
            told[name] = "refused"
            raise
        told[name] = "committed"


def work(container: Container, goes_on: Callable[[], bool], seed: int) -> Account:
    """Eight threads work while it goes on."""
    account = Account()
    with ThreadPoolExecutor(THREADS) as pool:
        for number in range(THREADS):
            worker = Worker(container, account, random.Random(seed + number))
            pool.submit(worker.work, goes_on)
    return account


def differences(account: Account, container: Container) -> list[str]:
    """What is stored and should not be, or the other way round, or twice. Reads past the faults."""
    messages = _messages(container)
    found = list(_wrong("people", _people(account, container), account.told["people"]))
    for what, told in account.told.items():
        if what == "people":
            continue
        if what.startswith("parcel-"):
            found += _wrong(what, _lines(what, container), told)
        else:
            found += _versions(what, container, told)
    for person_id in account.known("people", "committed"):
        about = [each for each in messages if each.aggregate_id == person_id]
        if [each.message_type for each in about] != ["PersonRegistered"]:
            found.append(f"{person_id} has the messages {about}")
    return found


def _wrong(what: str, stored: list[str], told: dict[str, str]) -> list[str]:
    counted = Counter(stored)
    lost = [n for n, outcome in told.items() if outcome == "committed" and not counted[n]]
    there = [n for n, outcome in told.items() if outcome == "refused" and counted[n]]
    twice = [n for n, times in counted.items() if times > 1]
    named = {"lost": lost, "refused and stored": there, "twice": twice}
    return [f"{what}: {how}: {name}" for how, names in named.items() for name in names]


def _people(account: Account, container: Container) -> list[str]:
    found = (_found(container, "people", name) for name in list(account.told["people"]))
    people = [person for person in found if person is not None]
    with container.unit_of_work() as unit:
        samples: Unit = unit
        return [samples.people.get_by_email(person.email).id for person in people]


def _lines(parcel_id: str, container: Container) -> list[str]:
    parcel = _found(container, "parcels", parcel_id)
    return [] if parcel is None else [each.sku for each in parcel.lines]


def _found(container: Container, repository: str, id: str) -> Any:
    with container.unit_of_work() as unit:
        try:
            return getattr(unit, repository).get(id)
        except NotFound:
            return None


def _versions(person_id: str, container: Container, told: dict[str, str]) -> list[str]:
    """Each change of a name keeps the one before it, so two tell of the last two commits."""
    person = _found(container, "people", person_id)
    if person is None:
        return [f"{person_id} is lost"]
    outcomes = Counter(told.values())
    least = 1 + outcomes["committed"]
    most = least + outcomes["unknown"]
    names = {person.first_name, person.last_name} - {"Ada", "Lovelace"}
    refused = [name for name in names if told.get(name) == "refused"]
    problems = [f"{person_id}: refused and stored: {name}" for name in refused]
    if not least <= person.version <= most:
        problems.append(f"{person_id}: version {person.version}, not from {least} to {most}")
    return problems


def _messages(container: Container) -> list[OutboxMessage]:
    """All messages, each published once where nothing fails any more."""
    relay = container.polling_relay()
    while relay.run_once().published:
        pass
    published: list[OutboxMessage] = container.memory_publisher().published
    return published
