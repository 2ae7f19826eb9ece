"""Names of attributes and metrics. Dashboards and alarms know them by these: never change one.

Those without `dynastrata` are of the semantic conventions of OpenTelemetry, which a test compares
them with: for databases, DynamoDB and messaging.
"""

from __future__ import annotations

SCOPE = "dynastrata"
"""The instrumentation scope of all spans and metrics."""

NAMESPACE = "Dynastrata"
"""Of the metrics in CloudWatch."""

ERROR_TYPE = "error.type"
REQUEST_ID = "aws.request_id"

DB_SYSTEM = "db.system.name"
DYNAMODB = "aws.dynamodb"
DB_OPERATION = "db.operation.name"
DB_COLLECTION = "db.collection.name"
DB_BATCH_SIZE = "db.operation.batch.size"
DB_STATUS = "db.response.status_code"
TABLE_NAMES = "aws.dynamodb.table_names"
CONSUMED_CAPACITY = "aws.dynamodb.consumed_capacity"

MESSAGING_SYSTEM = "messaging.system"
MESSAGING_OPERATION = "messaging.operation.name"
MESSAGING_OPERATION_TYPE = "messaging.operation.type"
MESSAGING_DESTINATION = "messaging.destination.name"
MESSAGING_COUNT = "messaging.batch.message_count"
MESSAGE_ID = "messaging.message.id"
CONVERSATION_ID = "messaging.message.conversation_id"

ATTEMPTS = "dynastrata.attempts"
CORRELATION_ID = "dynastrata.correlation_id"
CORRELATION_IDS = "dynastrata.correlation_ids"
REASON = "dynastrata.reason"
PROJECTOR = "dynastrata.projector"
BREAKER = "dynastrata.breaker"

DB_DURATION = "db.client.operation.duration"
RETRIES = "dynastrata.dynamodb.retries"
THROTTLES = "dynastrata.dynamodb.throttles"
CONFLICTS = "dynastrata.dynamodb.conflicts"
CAPACITY = "dynastrata.dynamodb.consumed_capacity"
MESSAGING_DURATION = "messaging.client.operation.duration"
SENT_MESSAGES = "messaging.client.sent.messages"
BREAKER_OPEN = "dynastrata.breaker.open"
OUTBOX_PENDING = "dynastrata.outbox.pending"
OUTBOX_OLDEST_AGE = "dynastrata.outbox.oldest_age"
PROJECTION_LAG = "dynastrata.projection.lag"
MIGRATION_DIFFERENCES = "dynastrata.migration.differences"
MIGRATION_BEHIND = "dynastrata.migration.behind"

DURATION_BUCKETS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0)
"""Seconds. What the conventions advise for the duration of a database client's operation."""

MESSAGING_DURATION_BUCKETS = (
    *(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0),
)
"""Seconds. The same for messaging."""
