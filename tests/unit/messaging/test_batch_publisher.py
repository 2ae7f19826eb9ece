"""One request for several messages: what goes in, and what becomes of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import frozen
from botocore.exceptions import NoCredentialsError, ParamValidationError
from botocore.parsers import ResponseParserError

from application.ports.outbox import OutboxMessage
from application.ports.publisher import Accepted, Failed, NotSent, Outcome, Unavailable
from infrastructure.messaging.batch_publisher import BatchPublisher, Sender
from infrastructure.messaging.destinations import format_of
from infrastructure.messaging.entries import MAX_MESSAGE
from infrastructure.messaging.senders import BusSender, QueueSender, TopicSender
from infrastructure.settings.destination import Destination
from tests.messaging import message
from tests.unit.dynamodb.scripted import Answer, ScriptedClient, lost, not_sent, refusal

URL = "https://sqs.eu-central-1.amazonaws.com/123456789012/people"
ARN = "arn:aws:sns:eu-central-1:123456789012:people"
THREE = [message(n, f"key-{n}") for n in range(3)]
ACCEPTED, NOT_SENT = Accepted(), NotSent()
NOT_MENTIONED = Failed("the answer says nothing of this message")


@frozen
class Service:
    """One kind of destination, with how its answers look."""

    address: str
    sender: Callable[[ScriptedClient], Sender]
    method: str
    entries: str
    answer: Callable[[dict[int, str | None]], Answer]

    def publisher(self, *answers: Answer) -> tuple[BatchPublisher, ScriptedClient]:
        client = ScriptedClient(list(answers))
        written = format_of(Destination.parse(self.address))
        assert written is not None
        return BatchPublisher(format=written, sender=self.sender(client), timeout=5.0), client

    def sent(self, client: ScriptedClient) -> list[dict[str, Any]]:
        """The entries of the only request."""
        [(method, request)] = client.requests
        assert method == self.method
        entries: list[dict[str, Any]] = request[self.entries]
        return entries


def by_id(codes: dict[int, str | None]) -> Answer:
    # Backwards: an answer has the entries in any order.
    places = sorted(codes, reverse=True)
    return {
        "Successful": [{"Id": str(n), "MessageId": f"m{n}"} for n in places if codes[n] is None],
        "Failed": [
            {"Id": str(n), "Code": codes[n], "Message": "a-secret", "SenderFault": False}
            for n in places
            if codes[n] is not None
        ],
    }


def by_position(codes: dict[int, str | None]) -> Answer:
    results: list[dict[str, str]] = [{}] * (max(codes) + 1)
    for place, code in codes.items():
        failed = {"ErrorCode": code or "", "ErrorMessage": "a-secret"}
        results[place] = {"EventId": f"e{place}"} if code is None else failed
    return {"FailedEntryCount": len([c for c in codes.values() if c]), "Entries": results}


QUEUE = Service(f"sqs:{URL}", lambda c: QueueSender(c, URL), "send_message_batch", "Entries", by_id)
FIFO_QUEUE = Service(
    f"sqs:{URL}.fifo", lambda c: QueueSender(c, URL), "send_message_batch", "Entries", by_id
)
TOPIC = Service(
    f"sns:{ARN}",
    lambda c: TopicSender(c, ARN),
    "publish_batch",
    "PublishBatchRequestEntries",
    by_id,
)
FIFO_TOPIC = Service(
    f"sns:{ARN}.fifo",
    lambda c: TopicSender(c, ARN),
    "publish_batch",
    "PublishBatchRequestEntries",
    by_id,
)
BUS = Service("eventbridge:default", BusSender, "put_events", "Entries", by_position)

OPERATIONS = {QUEUE: "SendMessageBatch", TOPIC: "PublishBatch", BUS: "PutEvents"}
every_service = pytest.mark.parametrize(
    "service", [QUEUE, TOPIC, BUS], ids=["queue", "topic", "bus"]
)
every_fifo = pytest.mark.parametrize(
    "service", [FIFO_QUEUE, FIFO_TOPIC], ids=["fifo queue", "fifo topic"]
)


def accepted(count: int) -> dict[int, str | None]:
    return dict.fromkeys(range(count))


def of_size(service: Service, size: int, number: int) -> OutboxMessage:
    """A message that counts for so many bytes."""
    written = format_of(Destination.parse(service.address))
    assert written is not None
    frame, key = b'{"a":"%s"}', f"key-{number}"
    room = size - written.entry(message(number, key, payload=frame % b"")).size
    return message(number, key, payload=frame % (b"x" * room))


def places(service: Service, client: ScriptedClient, given: list[OutboxMessage]) -> list[int]:
    """Which of the messages given were sent."""
    payloads = [each.payload.decode(errors="replace") for each in given]
    bodies = [
        entry.get("MessageBody") or entry.get("Message") or entry["Detail"]
        for entry in service.sent(client)
    ]
    return [
        next(n for n, p in enumerate(payloads) if body.endswith((p, p + "}"))) for body in bodies
    ]


@every_service
def test_messages_go_out_in_order_with_one_request(service: Service) -> None:
    publisher, client = service.publisher(service.answer(accepted(3)))
    assert publisher.publish(THREE) == [ACCEPTED] * 3
    assert places(service, client, THREE) == [0, 1, 2]


@pytest.mark.parametrize(
    ("service", "name", "value"), [(QUEUE, "QueueUrl", URL), (TOPIC, "TopicArn", ARN)]
)
def test_a_request_goes_to_the_address(service: Service, name: str, value: str) -> None:
    publisher, client = service.publisher(service.answer(accepted(1)))
    publisher.publish(THREE[:1])
    assert client.requests[0][1][name] == value


def test_an_event_goes_to_the_bus() -> None:
    publisher, client = BUS.publisher(BUS.answer(accepted(1)))
    publisher.publish(THREE[:1])
    assert BUS.sent(client)[0]["EventBusName"] == "default"


@every_service
def test_nothing_to_publish_is_no_request(service: Service) -> None:
    publisher, client = service.publisher({})
    assert publisher.publish([]) == []
    assert client.requests == []


@every_service
def test_what_failed_is_told_entry_by_entry_without_the_services_words(service: Service) -> None:
    publisher, _ = service.publisher(service.answer({0: None, 1: "InternalError", 2: None}))
    failed = Failed(f"{OPERATIONS[service]}: InternalError")
    assert publisher.publish(THREE) == [ACCEPTED, failed, ACCEPTED]


@every_service
@pytest.mark.parametrize("missing", [0, 1, 2])
def test_an_entry_that_the_answer_leaves_out_went_wrong(service: Service, missing: int) -> None:
    codes = accepted(3)
    del codes[missing]
    publisher, _ = service.publisher(service.answer(codes))
    expected: list[Outcome] = [ACCEPTED] * 3
    expected[missing] = NOT_MENTIONED
    assert publisher.publish(THREE) == expected


@every_service
def test_an_empty_answer_accepts_nothing(service: Service) -> None:
    publisher, _ = service.publisher({})
    assert publisher.publish(THREE) == [NOT_MENTIONED] * 3


def test_an_entry_in_both_lists_of_an_answer_went_wrong() -> None:
    answer = {"Successful": [{"Id": "0"}], "Failed": [{"Id": "0", "Code": "InternalError"}]}
    publisher, _ = QUEUE.publisher(answer)
    assert publisher.publish(THREE[:1]) == [Unavailable("SendMessageBatch: InternalError")]


@every_service
@pytest.mark.parametrize(
    ("error", "text"),
    [
        (refusal("AccessDenied", 403), "AnOperation: AccessDenied (request id: request-1)"),
        (refusal("RequestThrottled"), "AnOperation: RequestThrottled (request id: request-1)"),
        (refusal("NonExistent", 404), "AnOperation: NonExistent (request id: request-1)"),
        (refusal("Unheard", 500), "AnOperation: Unheard (request id: request-1)"),
        (refusal("Unheard", 429), "AnOperation: Unheard (request id: request-1)"),
        (lost(), "ReadTimeoutError"),
        (not_sent(), "EndpointConnectionError"),
        (NoCredentialsError(), "NoCredentialsError"),
        (ResponseParserError("a-secret"), "ResponseParserError"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_destination_that_cannot_be_used_is_unavailable_for_all(
    service: Service, error: Exception, text: str
) -> None:
    publisher, client = service.publisher(error)
    assert publisher.publish(THREE) == [Unavailable(text)] * 3
    assert len(client.requests) == 1


@every_service
@pytest.mark.parametrize(
    ("error", "text"),
    [
        (refusal("InvalidParameter"), "AnOperation: InvalidParameter (request id: request-1)"),
        (refusal("TooLarge", 413), "AnOperation: TooLarge (request id: request-1)"),
        (ParamValidationError(report="a-secret"), "ParamValidationError"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_request_that_is_refused_for_what_it_holds_went_wrong_for_all(
    service: Service, error: Exception, text: str
) -> None:
    publisher, client = service.publisher(error)
    assert publisher.publish(THREE) == [Failed(text)] * 3
    assert len(client.requests) == 1


@every_service
def test_entries_that_all_meet_with_an_outage_are_unavailable(service: Service) -> None:
    publisher, _ = service.publisher(
        service.answer({0: "InternalError", 1: "KmsThrottled", 2: "ThrottlingException"})
    )
    operation = OPERATIONS[service]
    assert publisher.publish(THREE) == [
        Unavailable(f"{operation}: {code}")
        for code in ("InternalError", "KmsThrottled", "ThrottlingException")
    ]


@every_service
def test_entry_that_is_refused_beside_an_outage_went_wrong(service: Service) -> None:
    publisher, _ = service.publisher(service.answer({0: "InvalidParameter", 1: "InternalError"}))
    operation = OPERATIONS[service]
    assert publisher.publish(THREE[:2]) == [
        Failed(f"{operation}: InvalidParameter"),
        Unavailable(f"{operation}: InternalError"),
    ]


@every_service
def test_messages_beyond_ten_are_not_sent(service: Service) -> None:
    twelve = [message(n, f"key-{n}") for n in range(12)]
    publisher, client = service.publisher(service.answer(accepted(10)))
    assert publisher.publish(twelve) == [ACCEPTED] * 10 + [NOT_SENT] * 2
    assert places(service, client, twelve) == list(range(10))
    assert publisher.max_messages == 10


@pytest.mark.parametrize(
    ("service", "size", "fit"),
    [
        (QUEUE, MAX_MESSAGE, 4),
        (QUEUE, MAX_MESSAGE - 1, 4),
        (TOPIC, MAX_MESSAGE, 1),
        (TOPIC, MAX_MESSAGE // 2, 2),
        (TOPIC, MAX_MESSAGE // 2 + 1, 1),
        (BUS, MAX_MESSAGE - 1, 1),
        (BUS, MAX_MESSAGE // 2 - 1, 2),
        (BUS, MAX_MESSAGE // 2, 1),
    ],
)
def test_large_messages_fill_a_request_and_the_others_are_not_sent(
    service: Service, size: int, fit: int
) -> None:
    large = [of_size(service, size, n) for n in range(6)]
    publisher, client = service.publisher(service.answer(accepted(fit)))
    assert publisher.publish(large) == [ACCEPTED] * fit + [NOT_SENT] * (6 - fit)
    assert len(service.sent(client)) == fit


@every_service
def test_a_small_message_does_not_overtake_a_large_one_that_did_not_fit(service: Service) -> None:
    size = MAX_MESSAGE - 2_000
    fit = service.sender(ScriptedClient([])).max_bytes // size
    large = [of_size(service, size, n) for n in range(fit + 1)]
    publisher, _ = service.publisher(service.answer(accepted(fit)))
    assert publisher.publish([*large, message(9, "key-9")]) == [ACCEPTED] * fit + [NOT_SENT] * 2


@every_service
def test_a_message_that_the_destination_refuses_is_not_sent_and_hinders_no_other(
    service: Service,
) -> None:
    # Its rules were others when the message was added: the settings name another place since.
    given = [THREE[0], message(1, "key-1", payload=b"\xff"), THREE[2]]
    publisher, client = service.publisher(service.answer(accepted(2)))
    first, refused, last = publisher.publish(given)
    assert (first, last) == (ACCEPTED, ACCEPTED)
    assert isinstance(refused, Failed)
    assert refused.reason.startswith("payload: must be")
    assert len(service.sent(client)) == 2


@every_service
def test_where_all_are_refused_there_is_no_request(service: Service) -> None:
    publisher, client = service.publisher({})
    [outcome] = publisher.publish([message(headers={"a": "x" * MAX_MESSAGE})])
    assert isinstance(outcome, Failed)
    assert outcome.reason.startswith("message size (PersonRegistered ")
    assert client.requests == []


@every_fifo
def test_where_order_is_kept_a_request_has_one_message_of_a_key(service: Service) -> None:
    given = [message(n, key) for n, key in enumerate(["a", "a", "b", "a", "c", "b"])]
    publisher, client = service.publisher(service.answer(accepted(3)))
    assert publisher.publish(given) == [ACCEPTED, NOT_SENT] * 3
    assert places(service, client, given) == [0, 2, 4]


@every_fifo
def test_where_order_is_kept_nothing_overtakes_a_message_that_is_refused(service: Service) -> None:
    given = [message(0, "a", payload=b"\xff"), message(1, "a"), message(2, "b")]
    publisher, client = service.publisher(service.answer(accepted(1)))
    refused, behind, other = publisher.publish(given)
    assert isinstance(refused, Failed)
    assert (behind, other) == (NOT_SENT, ACCEPTED)
    assert places(service, client, given) == [2]


@every_service
def test_where_no_order_is_kept_a_request_has_as_many_of_a_key_as_fit(service: Service) -> None:
    given = [message(n, "a") for n in range(5)]
    publisher, _ = service.publisher(service.answer(accepted(5)))
    assert publisher.publish(given) == [ACCEPTED] * 5
