"""Alarms as CloudFormation describes them: on each table, on dead letters, and on the outbox.

Metrics of AWS are told in "DynamoDB metrics and dimensions", Developer Guide, and "Available
CloudWatch metrics for Amazon SQS".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from infrastructure.deployment.deployment import Deployment
from infrastructure.deployment.destinations import dead_letter_queues, where
from infrastructure.deployment.tables import logical_id
from infrastructure.dynamodb.schema.table_schema import Capacity, TableSchema
from infrastructure.telemetry.names import NAMESPACE, OUTBOX_OLDEST_AGE

TOPIC_PARAMETER = "AlarmTopicArn"
HAS_TOPIC = "HasAlarmTopic"

_PERIOD = 300  # seconds
_MAX_THROTTLES = 10
_MAX_FAULTS = 5
_MAX_MILLISECONDS = 50
_MAX_PERCENT = 80
_MAX_UNITS = 40_000
"""A second, of a table on demand, unless its quota was raised.

Source: "Quotas in Amazon DynamoDB", "Throughput default quotas".
"""
_MAX_AGE = 300

_Resources = Iterator[tuple[str, dict[str, Any]]]


def alarm_resources(deployment: Deployment) -> dict[str, Any]:
    """All alarms, by their ids. They tell the topic that the stack's parameter names.

    Indexes on demand have none on capacity: what is throttled there counts for the table.
    """
    found = dict(_on_outbox())
    for name, schema in deployment.tables.items():
        found |= dict(_on_table(name, schema))
        found |= dict(_on_capacity(name, schema, deployment.capacity))
    for id_, address in dead_letter_queues(deployment.addresses).items():
        found[f"{id_}Alarm"] = {**_on_dead_letters(id_), **where(address)}
    return found


def _on_table(name: str, schema: TableSchema) -> _Resources:
    yield (
        logical_id(name, "ThrottleAlarm"),
        _queried(schema, "SUM(ThrottledRequests)", _MAX_THROTTLES, "Requests are throttled."),
    )
    yield (
        logical_id(name, "ErrorAlarm"),
        _queried(schema, "SUM(SystemErrors)", _MAX_FAULTS, "DynamoDB answers with faults."),
    )
    yield (
        logical_id(name, "LatencyAlarm"),
        _queried(
            schema,
            "AVG(SuccessfulRequestLatency)",
            _MAX_MILLISECONDS,
            "Requests take long, in milliseconds.",
            EvaluationPeriods=3,
        ),
    )


def _on_capacity(name: str, schema: TableSchema, capacity: Capacity) -> _Resources:
    is_on_demand = capacity.mode == "on_demand"
    units = {
        "Read": _MAX_UNITS if is_on_demand else capacity.read_units,
        "Write": _MAX_UNITS if is_on_demand else capacity.write_units,
    }
    for index in (None, *([] if is_on_demand else schema.index_names)):
        on_index = [] if index is None else [_dimension("GlobalSecondaryIndexName", index)]
        for kind, limit in units.items():
            yield (
                logical_id(f"{name}-{index or ''}", f"{kind}CapacityAlarm"),
                _alarm(
                    f"{schema.name}: {kind.lower()} capacity is used up to {_MAX_PERCENT} %.",
                    limit * _PERIOD * _MAX_PERCENT // 100,
                    Namespace="AWS/DynamoDB",
                    MetricName=f"Consumed{kind}CapacityUnits",
                    Dimensions=[_dimension("TableName", schema.name), *on_index],
                    Statistic="Sum",
                    Period=_PERIOD,
                    EvaluationPeriods=2,
                ),
            )


def _on_outbox() -> _Resources:
    yield (
        logical_id("outbox", "AgeAlarm"),
        {
            **_alarm(
                "A message has been pending for long, in seconds. Without data no relay works.",
                _MAX_AGE,
                Namespace=NAMESPACE,
                MetricName=OUTBOX_OLDEST_AGE,
                Statistic="Maximum",
                Unit="Seconds",
                Period=_PERIOD,
                TreatMissingData="missing",
                InsufficientDataActions=_topic(),
            )
        },
    )


def _on_dead_letters(queue: str) -> dict[str, Any]:
    return _alarm(
        "A consumer gave messages up.",
        0,
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[_dimension("QueueName", {"Fn::GetAtt": [queue, "QueueName"]})],
        Statistic="Maximum",
        Period=_PERIOD,
    )


def _queried(
    schema: TableSchema, metric: str, threshold: int, meaning: str, **properties: Any
) -> dict[str, Any]:
    """An alarm on a metric of a table, over all operations: CloudWatch has it of each apart."""
    query = (  # a name of a table has no quotes: DynamoDB does not take them
        f'SELECT {metric} FROM SCHEMA("AWS/DynamoDB", Operation, TableName) '  # noqa: S608 no SQL
        f"WHERE TableName = '{schema.name}'"
    )
    metrics = [{"Id": "all", "Expression": query, "Period": _PERIOD, "ReturnData": True}]
    return _alarm(f"{schema.name}: {meaning}", threshold, Metrics=metrics, **properties)


def _alarm(meaning: str, threshold: int, **properties: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmDescription": meaning,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": threshold,
            "EvaluationPeriods": 1,
            "TreatMissingData": "notBreaching",
            "AlarmActions": _topic(),
            **properties,
        },
    }


def _topic() -> dict[str, Any]:
    return {"Fn::If": [HAS_TOPIC, [{"Ref": TOPIC_PARAMETER}], {"Ref": "AWS::NoValue"}]}


def _dimension(name: str, value: object) -> dict[str, Any]:
    return {"Name": name, "Value": value}
