"""Everything that the kernel offers, with everything that can happen to each of its requests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from api.container import Container
from infrastructure.engines import LocalEngine
from tests.faults.matrix import cases, completeness, late_claims, overtaken
from tests.faults.matrix.service import Service, service_on
from tests.faults.matrix.use_cases import UseCase
from tests.faults.use_cases.kernel import CLAIMED, USE_CASES, configure
from tests.samples.contexts import SAMPLES

OF_USE_CASES = {"change_aggregate", "append_decision"}
"""What use cases are made of, and so tried with them."""


@pytest.fixture(scope="module")
def service(engine: LocalEngine) -> Iterator[Service]:
    """A service of the samples, on every real engine in turn."""
    yield from service_on(engine, SAMPLES, configure)


def test_everything_that_the_kernel_offers_is_in_the_matrix() -> None:
    offered = {*completeness.methods(), *completeness.functions(), *completeness.COMMANDS}

    assert {use_case.name for use_case in USE_CASES} == offered - OF_USE_CASES


def test_everything_in_the_container_is_known_to_the_matrix() -> None:
    others = Container.providers.keys() - completeness.use_cases().keys()

    assert others - completeness.PARTS == completeness.OFFERED.keys()


def test_every_context_with_use_cases_has_its_matrix() -> None:
    for context in set(completeness.use_cases().values()):
        assert (completeness.TESTS / context / "test_fault_matrix.py").is_file(), context


@pytest.mark.parametrize("use_case", USE_CASES, ids=str)
def test_whatever_happens_to_a_request_what_is_told_is_what_is_stored(
    service: Service, use_case: UseCase, whole_matrix: bool
) -> None:
    cases.check(service, use_case, configure, whole=whole_matrix)


@pytest.mark.parametrize("use_case", [each for each in USE_CASES if each.others], ids=str)
def test_whatever_others_commit_between_two_attempts_they_came_first_or_last(
    service: Service, use_case: UseCase, whole_matrix: bool
) -> None:
    overtaken.check(service, use_case, whole=whole_matrix)


@pytest.mark.parametrize("claimed", CLAIMED, ids=lambda claimed: str(claimed.use_case))
def test_what_was_refused_by_a_claim_is_not_applied_when_others_free_it(
    service: Service, claimed: late_claims.Claimed, whole_matrix: bool
) -> None:
    late_claims.check(service, claimed, whole=whole_matrix)
