"""Names are those of the semantic conventions, where these have one."""

from __future__ import annotations

import pytest
from opentelemetry.semconv._incubating.attributes import (
    aws_attributes,
    db_attributes,
    messaging_attributes,
)
from opentelemetry.semconv._incubating.metrics import messaging_metrics
from opentelemetry.semconv.attributes import error_attributes
from opentelemetry.semconv.metrics import db_metrics

from infrastructure.messaging.observed_publisher import SEND
from infrastructure.telemetry import names

CONVENTIONS = {
    names.ERROR_TYPE: error_attributes.ERROR_TYPE,
    names.REQUEST_ID: aws_attributes.AWS_REQUEST_ID,
    names.DB_SYSTEM: db_attributes.DB_SYSTEM_NAME,
    names.DYNAMODB: db_attributes.DbSystemNameValues.AWS_DYNAMODB.value,
    names.DB_OPERATION: db_attributes.DB_OPERATION_NAME,
    names.DB_COLLECTION: db_attributes.DB_COLLECTION_NAME,
    names.DB_BATCH_SIZE: db_attributes.DB_OPERATION_BATCH_SIZE,
    names.DB_STATUS: db_attributes.DB_RESPONSE_STATUS_CODE,
    names.TABLE_NAMES: aws_attributes.AWS_DYNAMODB_TABLE_NAMES,
    names.CONSUMED_CAPACITY: aws_attributes.AWS_DYNAMODB_CONSUMED_CAPACITY,
    names.MESSAGING_SYSTEM: messaging_attributes.MESSAGING_SYSTEM,
    names.MESSAGING_OPERATION: messaging_attributes.MESSAGING_OPERATION_NAME,
    names.MESSAGING_OPERATION_TYPE: messaging_attributes.MESSAGING_OPERATION_TYPE,
    names.MESSAGING_DESTINATION: messaging_attributes.MESSAGING_DESTINATION_NAME,
    names.MESSAGING_COUNT: messaging_attributes.MESSAGING_BATCH_MESSAGE_COUNT,
    names.MESSAGE_ID: messaging_attributes.MESSAGING_MESSAGE_ID,
    names.CONVERSATION_ID: messaging_attributes.MESSAGING_MESSAGE_CONVERSATION_ID,
    names.DB_DURATION: db_metrics.DB_CLIENT_OPERATION_DURATION,
    names.MESSAGING_DURATION: messaging_metrics.MESSAGING_CLIENT_OPERATION_DURATION,
    names.SENT_MESSAGES: messaging_metrics.MESSAGING_CLIENT_SENT_MESSAGES,
    SEND: messaging_attributes.MessagingOperationTypeValues.SEND.value,
}


@pytest.mark.parametrize(("ours", "theirs"), CONVENTIONS.items())
def test_a_name_is_that_of_the_conventions(ours: str, theirs: str) -> None:
    assert ours == theirs


def test_every_other_name_is_in_a_namespace_of_our_own() -> None:
    texts = {v for n, v in vars(names).items() if n.isupper() and isinstance(v, str)}

    others = texts - CONVENTIONS.keys() - {names.SCOPE, names.NAMESPACE}

    assert {name.partition(".")[0] for name in others} == {"dynastrata"}
