"""Every use case of courses, with everything that can happen to each of its requests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infrastructure.contexts.registered import REGISTERED
from infrastructure.engines import LocalEngine
from tests.courses.fault_use_cases import USE_CASES, configure
from tests.faults.matrix import cases, overtaken
from tests.faults.matrix.completeness import use_cases_of
from tests.faults.matrix.service import Service, service_on
from tests.faults.matrix.use_cases import UseCase


@pytest.fixture(scope="module")
def service(engine: LocalEngine) -> Iterator[Service]:
    """The service, on every real engine in turn."""
    yield from service_on(engine, REGISTERED, configure)


def test_every_use_case_of_courses_is_in_the_matrix() -> None:
    assert {use_case.name for use_case in USE_CASES} == use_cases_of("courses")


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
