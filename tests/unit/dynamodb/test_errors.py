"""Every failure of the service and of the SDK means one thing, for every operation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import botocore.session
import pytest
from botocore import exceptions as sdk
from botocore.parsers import ResponseParserError

from application.errors import (
    AccessDenied,
    RequestRejected,
    ResourceMissing,
    ServiceFault,
    StorageError,
    Throttled,
    Unreachable,
)
from infrastructure.dynamodb.gateway.errors import (
    SDK_ERRORS,
    ConditionFailed,
    Contended,
    DataTrimmed,
    InProgress,
    IteratorExpired,
    Reason,
    ResourceInUse,
    TokenUsed,
    TransactionCancelled,
    translate,
)
from infrastructure.dynamodb.gateway.gateway import METERED
from tests.unit.dynamodb.scripted import cancellation, lost, refusal

PERMANENT, TRANSIENT, MAYBE_APPLIED = (False, False), (True, False), (True, True)

CODES: Mapping[str, tuple[type[StorageError], tuple[bool, bool]]] = {
    "BackupInUseException": (RequestRejected, PERMANENT),
    "BackupNotFoundException": (ResourceMissing, PERMANENT),
    "ConditionalCheckFailedException": (ConditionFailed, PERMANENT),
    "ContinuousBackupsUnavailableException": (RequestRejected, PERMANENT),
    "DuplicateItemException": (RequestRejected, PERMANENT),
    "ExpiredIteratorException": (IteratorExpired, PERMANENT),
    "ExportConflictException": (RequestRejected, PERMANENT),
    "ExportNotFoundException": (ResourceMissing, PERMANENT),
    "GlobalTableAlreadyExistsException": (RequestRejected, PERMANENT),
    "GlobalTableNotFoundException": (ResourceMissing, PERMANENT),
    "IdempotentParameterMismatchException": (TokenUsed, PERMANENT),
    "ImportConflictException": (RequestRejected, PERMANENT),
    "ImportNotFoundException": (ResourceMissing, PERMANENT),
    "IndexNotFoundException": (ResourceMissing, PERMANENT),
    "InternalServerError": (ServiceFault, MAYBE_APPLIED),
    "InvalidExportTimeException": (RequestRejected, PERMANENT),
    "InvalidRestoreTimeException": (RequestRejected, PERMANENT),
    "ItemCollectionSizeLimitExceededException": (RequestRejected, PERMANENT),
    "LimitExceededException": (Throttled, TRANSIENT),
    "PointInTimeRecoveryUnavailableException": (RequestRejected, PERMANENT),
    "PolicyNotFoundException": (ResourceMissing, PERMANENT),
    "ProvisionedThroughputExceededException": (Throttled, TRANSIENT),
    "ReplicaAlreadyExistsException": (RequestRejected, PERMANENT),
    "ReplicaNotFoundException": (ResourceMissing, PERMANENT),
    "ReplicatedWriteConflictException": (Contended, TRANSIENT),
    "RequestLimitExceeded": (Throttled, TRANSIENT),
    "ResourceInUseException": (ResourceInUse, PERMANENT),
    "ResourceNotFoundException": (ResourceMissing, PERMANENT),
    "TableAlreadyExistsException": (ResourceInUse, PERMANENT),
    "TableInUseException": (ResourceInUse, PERMANENT),
    "TableNotFoundException": (ResourceMissing, PERMANENT),
    "ThrottlingException": (Throttled, TRANSIENT),
    "TransactionConflictException": (Contended, TRANSIENT),
    "TransactionInProgressException": (InProgress, MAYBE_APPLIED),
    "TrimmedDataAccessException": (DataTrimmed, PERMANENT),
}
"""What each error of botocore's models means; `TransactionCanceledException` is a case apart."""

UNMODELLED: Mapping[str, tuple[type[StorageError], tuple[bool, bool]]] = {
    "ValidationException": (RequestRejected, PERMANENT),
    "SerializationException": (RequestRejected, PERMANENT),
    "AccessDeniedException": (AccessDenied, PERMANENT),
    "UnrecognizedClientException": (AccessDenied, PERMANENT),
    "InvalidSignatureException": (AccessDenied, PERMANENT),
    "IncompleteSignatureException": (AccessDenied, PERMANENT),
    "MissingAuthenticationTokenException": (AccessDenied, PERMANENT),
    "ExpiredTokenException": (AccessDenied, PERMANENT),
    "OptInRequired": (AccessDenied, PERMANENT),
    "Throttling": (Throttled, TRANSIENT),
    "TooManyRequestsException": (Throttled, TRANSIENT),
    "RequestThrottled": (Throttled, TRANSIENT),
    "RequestThrottledException": (Throttled, TRANSIENT),
    "InternalFailure": (ServiceFault, MAYBE_APPLIED),
    "ServiceUnavailable": (ServiceFault, MAYBE_APPLIED),
    "NobodyKnowsThisException": (RequestRejected, PERMANENT),
    "": (RequestRejected, PERMANENT),
}
"""Codes that the service sends and its model leaves out."""

TRANSPORT: Mapping[type[Exception], tuple[type[StorageError], tuple[bool, bool]]] = {
    sdk.EndpointConnectionError: (Unreachable, TRANSIENT),
    sdk.ConnectTimeoutError: (Unreachable, TRANSIENT),
    sdk.ProxyConnectionError: (Unreachable, TRANSIENT),
    sdk.ConnectionError: (Unreachable, MAYBE_APPLIED),
    sdk.SSLError: (Unreachable, MAYBE_APPLIED),
    sdk.HTTPClientError: (Unreachable, MAYBE_APPLIED),
    sdk.ConnectionClosedError: (Unreachable, MAYBE_APPLIED),
    sdk.ReadTimeoutError: (Unreachable, MAYBE_APPLIED),
    sdk.ResponseStreamingError: (Unreachable, MAYBE_APPLIED),
    sdk.IncompleteReadError: (Unreachable, MAYBE_APPLIED),
    sdk.ChecksumError: (Unreachable, MAYBE_APPLIED),
    ResponseParserError: (Unreachable, MAYBE_APPLIED),
    sdk.NoCredentialsError: (AccessDenied, PERMANENT),
    sdk.PartialCredentialsError: (AccessDenied, PERMANENT),
    sdk.CredentialRetrievalError: (AccessDenied, PERMANENT),
    sdk.TokenRetrievalError: (AccessDenied, PERMANENT),
    sdk.ParamValidationError: (RequestRejected, PERMANENT),
    sdk.NoRegionError: (RequestRejected, PERMANENT),
}
"""What each failure without an answer of the service means."""

CANCELLATIONS: Mapping[str, tuple[type[StorageError], tuple[bool, bool]]] = {
    "ConditionalCheckFailed": (TransactionCancelled, PERMANENT),
    "TransactionConflict": (Contended, TRANSIENT),
    "DuplicateItem": (Contended, TRANSIENT),
    "ThrottlingError": (Throttled, TRANSIENT),
    "ProvisionedThroughputExceeded": (Throttled, TRANSIENT),
    "RequestLimitExceeded": (Throttled, TRANSIENT),
    "ItemCollectionSizeLimitExceeded": (RequestRejected, PERMANENT),
    "ValidationError": (RequestRejected, PERMANENT),
    "AccessDenied": (AccessDenied, PERMANENT),
    "NobodyKnowsThis": (ServiceFault, TRANSIENT),
    "None": (ServiceFault, TRANSIENT),
}
"""What it means that a transaction was cancelled for this reason alone."""

MODELS = [
    botocore.session.get_session().get_service_model(name)
    for name in ("dynamodb", "dynamodbstreams")
]

THREE_WRITES = {"TransactItems": [{"Put": {"TableName": "users"}}] * 3}


def meaning(
    cause: Exception, operation: str = "PutItem", request: Mapping[str, Any] | None = None
) -> tuple[type[StorageError], tuple[bool, bool]]:
    """What an attempt's failure is translated to, and whether it is transient, maybe applied."""
    failure = translate(cause, operation, request or {})
    return type(failure.error), (failure.transient, failure.error.maybe_applied)


def of_three_writes(
    *codes: str | Mapping[str, Any],
) -> tuple[type[StorageError], tuple[bool, bool]]:
    """The same for a transaction of three writes that was cancelled for these reasons."""
    return meaning(cancellation(*codes), "TransactWriteItems", THREE_WRITES)


def raw(kind: type[Exception]) -> Exception:
    """An exception of this class; its message does not matter."""
    return kind.__new__(kind)


def test_every_error_of_the_services_models_has_a_meaning() -> None:
    modelled = {shape.error_code for model in MODELS for shape in model.error_shapes}

    assert modelled - {"TransactionCanceledException"} == CODES.keys()


@pytest.mark.parametrize("operation", [name for model in MODELS for name in model.operation_names])
def test_each_code_means_the_same_for_every_operation(operation: str) -> None:
    expected = {**CODES, **UNMODELLED}

    assert {code: meaning(refusal(code), operation) for code in expected} == expected


def test_every_reason_of_a_cancellation_that_the_model_tells_of_has_a_meaning() -> None:
    shape = MODELS[0].shape_for("TransactionCanceledException")
    documented = set(re.findall(r"Code: <code>(\w+)</code>", shape.documentation))

    assert len(documented) >= 7
    assert documented <= CANCELLATIONS.keys()


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_unknown_code_above_500_is_a_fault_that_may_have_been_applied(status: int) -> None:
    assert meaning(refusal("Surprise", status)) == (ServiceFault, MAYBE_APPLIED)


@pytest.mark.parametrize("operation", sorted(METERED))
def test_each_failure_without_an_answer_means_the_same_for_every_operation(operation: str) -> None:
    assert {kind: meaning(raw(kind), operation) for kind in TRANSPORT} == dict(TRANSPORT)


def test_no_failure_of_the_network_is_taken_for_a_refusal() -> None:
    network = [
        kind
        for kind in vars(sdk).values()
        if isinstance(kind, type) and issubclass(kind, sdk.HTTPClientError | sdk.ConnectionError)
    ]

    assert {meaning(raw(kind))[0] for kind in network} == {Unreachable}
    assert len(network) >= 9


def test_every_exception_of_the_sdk_is_translated() -> None:
    kinds = [
        kind
        for kind in vars(sdk).values()
        if isinstance(kind, type) and issubclass(kind, sdk.BotoCoreError)
    ]

    assert all(issubclass(kind, SDK_ERRORS) for kind in kinds)
    assert all(issubclass(meaning(raw(kind))[0], StorageError) for kind in kinds)


@pytest.mark.parametrize("code", CANCELLATIONS)
def test_each_reason_of_a_cancellation_has_a_meaning(code: str) -> None:
    assert of_three_writes("None", code, "None") == CANCELLATIONS[code]


@pytest.mark.parametrize("permanent", ["ValidationError", "ItemCollectionSizeLimitExceeded"])
@pytest.mark.parametrize(
    "weaker", ["ConditionalCheckFailed", "TransactionConflict", "ThrottlingError"]
)
def test_permanent_reason_wins_over_every_other(permanent: str, weaker: str) -> None:
    assert of_three_writes(weaker, permanent, weaker) == (RequestRejected, PERMANENT)


@pytest.mark.parametrize("transient", ["TransactionConflict", "ThrottlingError", "NobodyKnowsThis"])
def test_failed_condition_wins_over_transient_reasons(transient: str) -> None:
    assert of_three_writes(transient, "ConditionalCheckFailed", transient) == (
        TransactionCancelled,
        PERMANENT,
    )


def test_contention_wins_over_throttling() -> None:
    assert of_three_writes("ThrottlingError", "TransactionConflict", "None") == (
        Contended,
        TRANSIENT,
    )


@pytest.mark.parametrize("reasons", [0, 1, 2, 4])
def test_list_of_reasons_of_the_wrong_length_tells_nothing(reasons: int) -> None:
    assert of_three_writes(*["ConditionalCheckFailed"] * reasons) == (ServiceFault, MAYBE_APPLIED)


@pytest.mark.parametrize("odd", [None, "None", 7])
def test_reason_of_another_shape_tells_nothing(odd: Any) -> None:
    reasons = ["None", odd, "None"]
    cause = refusal("TransactionCanceledException", CancellationReasons=reasons)
    assert meaning(cause, "TransactWriteItems", THREE_WRITES) == (ServiceFault, MAYBE_APPLIED)


def test_cancellation_without_reasons_tells_nothing() -> None:
    cancelled = refusal("TransactionCanceledException")

    assert meaning(cancelled, "TransactWriteItems", THREE_WRITES) == (ServiceFault, MAYBE_APPLIED)


def test_cancellation_keeps_reasons_in_order_with_the_items_found() -> None:
    old = {"id": {"S": "ada"}}
    cause = cancellation("None", {"Code": "ConditionalCheckFailed", "Item": old}, "None")

    error = translate(cause, "TransactWriteItems", THREE_WRITES).error

    assert isinstance(error, TransactionCancelled)
    assert error.cancellation == (
        Reason("None"),
        Reason("ConditionalCheckFailed", old),
        Reason("None"),
    )


def test_failed_condition_of_a_single_write_keeps_the_item_found() -> None:
    old = {"id": {"S": "ada"}}

    error = translate(refusal("ConditionalCheckFailedException", Item=old), "PutItem", {}).error

    assert isinstance(error, ConditionFailed)
    assert error.old == old


@pytest.mark.parametrize(
    ("request_", "table", "key"),
    [
        ({"TableName": "users", "Key": {"id": {"S": "ada"}}}, "users", "id=ada"),
        ({"TableName": "users", "Item": {"id": {"S": "ada"}}}, "users", None),
        ({"RequestItems": {"users": {}, "events": {}}}, "users, events", None),
        (
            {
                "TransactItems": [
                    {"Put": {"TableName": "users"}},
                    {"Delete": {"TableName": "events"}},
                    {"Put": {"TableName": "users"}},
                ]
            },
            "users, events",
            None,
        ),
        ({}, None, None),
    ],
)
@pytest.mark.parametrize("cause", [lost(), refusal("ThrottlingException")])
def test_error_names_what_the_request_was_about(
    cause: Exception, request_: Mapping[str, Any], table: str | None, key: str | None
) -> None:
    error = translate(cause, "AnOperation", request_).error

    assert (error.operation, error.table, error.key) == ("AnOperation", table, key)


def test_error_of_an_answer_carries_its_request_id() -> None:
    assert translate(refusal("ThrottlingException"), "PutItem", {}).error.request_id == "request-1"


def test_throttling_tells_which_limit_of_which_table_where_the_service_does() -> None:
    reasons = [{"reason": "TableWriteKeyRangeThroughputExceeded", "resource": "table/users"}]

    error = translate(
        refusal("ThrottlingException", ThrottlingReasons=reasons), "PutItem", {}
    ).error

    assert isinstance(error, Throttled)
    assert error.reasons == ("TableWriteKeyRangeThroughputExceeded of table/users",)


def test_throttling_without_reasons_tells_its_code() -> None:
    error = translate(refusal("RequestLimitExceeded"), "PutItem", {}).error

    assert isinstance(error, Throttled)
    assert error.reasons == ("RequestLimitExceeded",)


def test_permanent_cancellation_tells_which_action_was_refused_for_what() -> None:
    cause = cancellation("None", "ValidationError", "ConditionalCheckFailed")

    error = translate(cause, "TransactWriteItems", THREE_WRITES).error

    assert error.detail == (
        "cancelled by action 2: ValidationError, action 3: ConditionalCheckFailed"
    )


def test_failure_that_may_quote_the_request_tells_only_its_kind() -> None:
    quoting = sdk.ParamValidationError(report="Invalid type for Item.passwordHash: a-secret")

    error = translate(quoting, "PutItem", {"TableName": "users"}).error

    assert str(error) == "PutItem on users: rejected (ParamValidationError), attempts: 1"
