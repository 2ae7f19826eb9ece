"""Queues, topics and buses as CloudFormation describes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infrastructure.deployment.addresses import Address
from infrastructure.deployment.tables import RETAINED, logical_id

_DEFAULT_BUS = "default"
"""Every account has it, and nobody can create it."""

_KEEP_SECONDS = 14 * 24 * 3600  # the most that SQS keeps a message for

_MAX_RECEIVES = 5
"""A message that was received so often without being deleted is a dead letter."""


def destination_resources(addresses: Mapping[str, Address]) -> dict[str, Any]:
    """What messages are sent to. One that is another account's is left to that account."""
    found: dict[str, Any] = {}
    for name, address in addresses.items():
        match address.service:
            case "sqs":
                resources = _queues(name, address)
            case "sns":
                resources = _topic(name, address)
            case _:
                resources = _bus(name, address)
        found |= {id_: {**each, **where(address)} for id_, each in resources.items()}
    return found


def account_conditions(addresses: Mapping[str, Address]) -> dict[str, Any]:
    """The conditions on the account that these resources have."""
    accounts = {a.account for a in addresses.values() if a.account and not _is_everywhere(a)}
    return {
        _condition(account): {"Fn::Equals": [{"Ref": "AWS::AccountId"}, account]}
        for account in sorted(accounts)
    }


def dead_letter_queues(addresses: Mapping[str, Address]) -> dict[str, Address]:
    """Every queue whose dead letters have one, by the logical id of the one that they go to."""
    return {
        logical_id(name, "DeadLetterQueue"): address
        for name, address in addresses.items()
        if address.service == "sqs"
    }


def where(address: Address) -> dict[str, Any]:
    """The condition that a resource at an address has, if any."""
    return {} if address.account is None else {"Condition": _condition(address.account)}


def _queues(name: str, address: Address) -> dict[str, Any]:
    queue, dead_letters = logical_id(name, "Queue"), logical_id(name, "DeadLetterQueue")
    base, fifo = address.name.removesuffix(".fifo"), ".fifo" if address.is_fifo else ""
    redrive = {
        "deadLetterTargetArn": {"Fn::GetAtt": [dead_letters, "Arn"]},
        "maxReceiveCount": _MAX_RECEIVES,
    }
    return {
        queue: _queue(address.name, RedrivePolicy=redrive),
        dead_letters: _queue(f"{base}-dead-letters{fifo}"),
    }


def _queue(name: str, **properties: Any) -> dict[str, Any]:
    fifo = {"FifoQueue": True} if name.endswith(".fifo") else {}
    return {
        "Type": "AWS::SQS::Queue",
        **RETAINED,
        "Properties": {
            "QueueName": name,
            **fifo,
            "MessageRetentionPeriod": _KEEP_SECONDS,
            "SqsManagedSseEnabled": True,
            **properties,
        },
    }


def _topic(name: str, address: Address) -> dict[str, Any]:
    fifo = {"FifoTopic": True} if address.is_fifo else {}
    properties = {"TopicName": address.name, **fifo, "KmsMasterKeyId": "alias/aws/sns"}
    topic = {"Type": "AWS::SNS::Topic", **RETAINED, "Properties": properties}
    return {logical_id(name, "Topic"): topic}


def _bus(name: str, address: Address) -> dict[str, Any]:
    if _is_everywhere(address):
        return {}
    bus = {"Type": "AWS::Events::EventBus", **RETAINED, "Properties": {"Name": address.name}}
    return {logical_id(name, "Bus"): bus}


def _is_everywhere(address: Address) -> bool:
    return address.service == "events" and address.name == _DEFAULT_BUS


def _condition(account: str) -> str:
    return f"IsAccount{account}"
