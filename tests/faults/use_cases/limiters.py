"""The limits of failures and mails, as the fault matrix calls them."""

from __future__ import annotations

from tests.faults.matrix.service import Service
from tests.faults.matrix.use_cases import UseCase

ACCOUNT, SOURCE = "ada", "192.0.2.1"


def count_failure(service: Service, _: object = None) -> None:
    service.container.failure_limiter().count(ACCOUNT, SOURCE)


def many_failures(service: Service) -> None:
    for _ in range(3):
        count_failure(service)


def check_failures(service: Service, _: object) -> None:
    service.container.failure_limiter().check(ACCOUNT, SOURCE)


def count_mail(service: Service, _: object = None) -> None:
    service.container.mail_limiter().count(ACCOUNT, SOURCE)


def much_mail(service: Service) -> None:
    for _ in range(3):
        count_mail(service)


LIMITERS = (
    UseCase(name="failure_limiter.count", run=count_failure),
    UseCase(name="failure_limiter.count", case="again", prepare=count_failure, run=count_failure),
    UseCase(name="mail_limiter.count", run=count_mail),
    UseCase(name="mail_limiter.count", case="too much", prepare=much_mail, run=count_mail),
    UseCase(name="failure_limiter.check", prepare=count_failure, run=check_failures),
    UseCase(
        name="failure_limiter.check", case="too many", prepare=many_failures, run=check_failures
    ),
)
