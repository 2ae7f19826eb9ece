"""A botocore client that answers from a script, and a time that passes only when slept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import define, field
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from infrastructure.contexts.context import Contexts
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.gateway.retry import RetryPolicy
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.metering import Meter
from infrastructure.system.ids import RandomIds
from infrastructure.unit_of_work import CommitOptions, TableUnitOfWork
from tests.samples.contexts import SAMPLES
from tests.stores import Store

Answer = Mapping[str, Any] | Exception


@define
class ScriptedClient:
    """Gives the answers of a script in turn, an exception by raising it; the last one for ever.

    `requests` holds what was sent: the client's method and its arguments.
    """

    answers: list[Answer]
    requests: list[tuple[str, dict[str, Any]]] = field(factory=list)

    def __getattr__(self, method: str) -> Callable[..., Answer]:
        def send(**request: Any) -> Answer:
            answer = self.answers[min(len(self.requests), len(self.answers) - 1)]
            self.requests.append((method, request))
            if isinstance(answer, Exception):
                raise answer
            return answer

        return send

    @property
    def methods(self) -> list[str]:
        """The methods that were called, in order."""
        return [method for method, _ in self.requests]


@define
class FakeTime:
    """`slept` are the pauses, in order."""

    now: float = 0.0
    slept: list[float] = field(factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def monotonic(self) -> float:
        return self.now

    def policy(self, **numbers: Any) -> RetryPolicy:
        """The policy whose jitter is always the whole backoff, in this time."""
        return RetryPolicy(
            sleep=self.sleep, monotonic=self.monotonic, random=lambda: 1.0, **numbers
        )


def gateway(*answers: Answer, time: FakeTime | None = None, **numbers: Any) -> Gateway:
    """A gateway to a scripted client, which `sent` reads back."""
    policy = (time or FakeTime()).policy(**numbers)
    return Gateway(ScriptedClient(list(answers)), Meter(), policy)


def sent(to: Gateway) -> list[tuple[str, dict[str, Any]]]:
    """The requests that a scripted gateway sent."""
    client = to._client
    assert isinstance(client, ScriptedClient)
    return client.requests


def refusal(code: str, status: int = 400, **more: Any) -> ClientError:
    """An error answer of the service."""
    response = {
        "Error": {"Code": code, "Message": "a text that nobody reads"},
        "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "request-1"},
        **more,
    }
    return ClientError(response, "AnOperation")


def cancellation(*reasons: str | Mapping[str, Any]) -> ClientError:
    """A cancelled transaction; a reason is a code, or the whole of it."""
    whole = [{"Code": reason} if isinstance(reason, str) else reason for reason in reasons]
    return refusal("TransactionCanceledException", CancellationReasons=whole)


def lost() -> ReadTimeoutError:
    """The answer never came: the request may have been applied."""
    return ReadTimeoutError(endpoint_url="http://store.example")


def not_sent() -> EndpointConnectionError:
    """There was no connection: the request was never sent."""
    return EndpointConnectionError(endpoint_url="http://store.example")


class FixedIds(RandomIds):
    """The id of every commit is `commit-1`."""

    def new_id(self) -> str:
        return "commit-1"


def unit_with_fixed_ids(
    provider: DynamoDBProvider, contexts: Contexts = SAMPLES
) -> TableUnitOfWork:
    """A unit of work whose every commit is `commit-1`."""
    options = CommitOptions(contexts=contexts)
    return Store("scripted", provider, ids=FixedIds(), options=options).unit_of_work()
