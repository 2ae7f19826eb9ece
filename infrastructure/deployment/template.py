"""The CloudFormation template of a service."""

from __future__ import annotations

from typing import Any

from infrastructure.deployment.alarms import HAS_TOPIC, TOPIC_PARAMETER, alarm_resources
from infrastructure.deployment.buckets import bucket_resources
from infrastructure.deployment.deployment import Deployment
from infrastructure.deployment.destinations import account_conditions, destination_resources
from infrastructure.deployment.tables import logical_id, table_resource


def template(deployment: Deployment) -> dict[str, Any]:
    """The template: tables, the bucket, what messages are sent to, and alarms.

    What holds data is retained. The outputs are the streams of tables.
    """
    tables = {
        logical_id(name, "Table"): table_resource(schema, deployment.capacity)
        for name, schema in deployment.tables.items()
    }
    bucket = {} if deployment.bucket is None else bucket_resources(deployment.bucket)
    no_topic = {"Fn::Equals": [{"Ref": TOPIC_PARAMETER}, ""]}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Made by dynastrata export cloudformation.",
        "Parameters": {
            TOPIC_PARAMETER: {
                "Type": "String",
                "Default": "",
                "Description": "The SNS topic that alarms tell. Empty: none.",
            }
        },
        "Conditions": {
            HAS_TOPIC: {"Fn::Not": [no_topic]},
            **account_conditions(deployment.addresses),
        },
        "Resources": {
            **tables,
            **bucket,
            **destination_resources(deployment.addresses),
            **alarm_resources(deployment),
        },
        "Outputs": _streams(deployment),
    }


def _streams(deployment: Deployment) -> dict[str, Any]:
    return {
        logical_id(name, "StreamArn"): {
            "Description": f"The stream of {schema.name}.",
            "Value": {"Fn::GetAtt": [logical_id(name, "Table"), "StreamArn"]},
        }
        for name, schema in deployment.tables.items()
        if schema.stream_view is not None
    }
