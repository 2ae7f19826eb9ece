"""One commit as one atomic write, whose outcome stays known however often it is sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from attrs import evolve
from typing_extensions import override

from application.errors import (
    CommitOutcomeUnknown,
    ItemWrittenTwice,
    LimitExceeded,
    RequestRejected,
    StorageError,
)
from application.ports.transaction import Transaction
from domain.errors import DynastrataError
from infrastructure.commit.participant import Action
from infrastructure.dynamodb.gateway.errors import (
    ConditionFailed,
    Reason,
    TokenUsed,
    TransactionCancelled,
)
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.items import Item, check_item, expressions_size, key_text, request_size
from infrastructure.dynamodb.mappers.writing import key_names
from infrastructure.dynamodb.transaction.actions import ActionKind, ItemAction, Refusal, Verdict
from infrastructure.limits import MAX_ACTIONS, MAX_BYTES

TOKEN_SECONDS = 600.0
"""How long the service remembers a client request token. Source: API reference."""

# Python's enums look a value up as slowly as all else here takes for an action.
_IN_TRANSACTION = {kind: kind.value for kind in ActionKind}
_ALONE = {
    ActionKind.PUT: "PutItem",
    ActionKind.UPDATE: "UpdateItem",
    ActionKind.DELETE: "DeleteItem",
}


class DynamoDBTransaction(Transaction):
    """Writes its actions all or none, at most once.

    The request is built once and is the same at every attempt. A single repeatable action goes
    as a plain conditional write, at half the price; anything else as a transaction with the
    commit id as its client request token.
    """

    def __init__(self, gateway: Gateway, commit_id: str, actions: Sequence[Action]) -> None:
        """Raises `LimitExceeded`, `InvalidItem` or `ItemWrittenTwice`; sends nothing."""
        self._gateway = gateway
        self._commit_id = commit_id
        self._actions = _merged(actions)
        requests = [action.request() for action in self._actions]
        self._check_limits(requests)
        self._has_token = len(self._actions) > 1 or not self._actions[0].repeatable
        self._operation, self._request = self._wrap(requests)
        self._in_doubt_since: float | None = None
        self._refused: DynastrataError | None = None  # not final yet
        self._is_applied = False

    @override
    def commit(self) -> None:
        """Sends the write, and settles what a lost answer left open.

        Raises its `Conflict` where a condition was not met, `CommitOutcomeUnknown`
        where no one can tell, or another `StorageError` where nothing was written. Calling it
        again resumes the same commit.
        """
        if not self._is_applied:
            self._send()

    def _send(self) -> None:
        if self._token_expired():
            self._settle_by_reading()
            return
        if self._refused is not None:
            self._refuse_for_good(self._refused)
            return
        doubt = self._in_doubt_since
        # In doubt while the request is out, should this thread be interrupted.
        self._in_doubt_since = self._now() if doubt is None else doubt
        try:
            self._gateway.call(self._operation, self._request)
            self._is_applied = True
        except (ConditionFailed, TransactionCancelled) as refused:
            self._settle_refusal(refused, in_doubt=doubt is not None or refused.maybe_applied)
        except StorageError as error:
            if doubt is not None or error.maybe_applied:
                raise CommitOutcomeUnknown(self._commit_id) from error
            self._in_doubt_since = None
            raise

    def _settle_refusal(
        self, refused: ConditionFailed | TransactionCancelled, *, in_doubt: bool
    ) -> None:
        """Returns where the commit turns out to be applied, raises what else happened."""
        failed = self._failed(refused)
        if in_doubt:
            verdicts = [refusal.verdict(old, self._commit_id) for refusal, old in failed]
            if Verdict.APPLIED in verdicts:
                self._is_applied = True
                return
            # While the service remembers the token, it answers an applied transaction with
            # success: a refusal proves that no attempt was applied. A plain write has no token.
            if Verdict.REFUSED not in verdicts and not self._has_token:
                raise CommitOutcomeUnknown(self._commit_id) from refused
            if self._has_token:
                self._refused = self._refusal(failed, refused)
                self._refuse_for_good(self._refused)
                return
        self._in_doubt_since = None
        raise self._refusal(failed, refused) from refused

    def _refuse_for_good(self, refusal: DynastrataError) -> None:
        """Raises the refusal once it is final; returns if a late request was applied instead.

        A request that is believed lost may arrive yet, and find what refused the others gone: a
        claim, say, that was freed. A transaction that changes nothing takes the commit's token,
        and the service refuses every other one that comes with it.
        """
        try:
            self._gateway.call("TransactWriteItems", self._spent_token())
        except TokenUsed:
            self._confirm_applied()
            return
        except StorageError as error:
            raise CommitOutcomeUnknown(self._commit_id) from error
        self._in_doubt_since = None
        raise refusal

    def _confirm_applied(self) -> None:
        # What was applied under its token is answered with success again, from memory.
        try:
            self._gateway.call(self._operation, self._request)
        except StorageError as error:
            raise CommitOutcomeUnknown(self._commit_id) from error
        self._is_applied = True

    def _spent_token(self) -> dict[str, Any]:
        place = self._actions[0]
        check = {
            "TableName": place.table,
            "Key": place.key,
            "ConditionExpression": "attribute_exists(#key) OR attribute_not_exists(#key)",
            "ExpressionAttributeNames": {"#key": next(iter(place.key))},
        }
        return {
            "TransactItems": [{ActionKind.CHECK.value: check}],
            "ClientRequestToken": self._commit_id,
        }

    def _failed(
        self, refused: ConditionFailed | TransactionCancelled
    ) -> list[tuple[Refusal, Item | None]]:
        """Each refusal of a condition that was not met, with the item that did not meet it."""
        if isinstance(refused, ConditionFailed):
            reasons: tuple[Reason, ...] = (Reason("ConditionalCheckFailed", refused.old),)
        else:
            reasons = refused.cancellation
        return [
            (refusal, reason.old)
            for action, reason in zip(self._actions, reasons, strict=True)
            for refusal in action.refusals
            if reason.code == "ConditionalCheckFailed"
        ]

    def _refusal(
        self, failed: Iterable[tuple[Refusal, Item | None]], refused: StorageError
    ) -> DynastrataError:
        for refusal, old in failed:
            error = refusal.error(old)
            if error is not None:
                return error
        return RequestRejected(
            operation=self._operation,
            table=refused.table,
            request_id=refused.request_id,
            detail="a condition was not met that the stored item meets",
        )

    def _settle_by_reading(self) -> None:
        """Looks for the commit's traces, now that sending it again could apply it twice."""
        try:
            applied = any(self._shows_commit(action) for action in self._actions)
        except StorageError as error:
            raise CommitOutcomeUnknown(self._commit_id) from error
        if not applied:
            raise CommitOutcomeUnknown(self._commit_id)
        self._is_applied = True

    def _shows_commit(self, action: ItemAction) -> bool:
        request = {
            "TableName": action.table,
            "Key": action.key,
            "ConsistentRead": True,
        }
        item = self._gateway.call("GetItem", request).get("Item")
        verdicts = (refusal.verdict(item, self._commit_id) for refusal in action.refusals)
        return Verdict.APPLIED in verdicts

    def _token_expired(self) -> bool:
        if self._in_doubt_since is None or not self._has_token:
            return False
        latest_send = self._now() + self._gateway.retry.deadline
        return latest_send - self._in_doubt_since >= TOKEN_SECONDS

    def _now(self) -> float:
        return self._gateway.retry.monotonic()

    def _wrap(self, requests: list[dict[str, Any]]) -> tuple[str, dict[str, Any]]:
        if not self._has_token:
            return _ALONE[self._actions[0].kind], requests[0]
        items = [
            {_IN_TRANSACTION[action.kind]: request}
            for action, request in zip(self._actions, requests, strict=True)
        ]
        return "TransactWriteItems", {"TransactItems": items, "ClientRequestToken": self._commit_id}

    def _check_limits(self, requests: Sequence[dict[str, Any]]) -> None:
        if len(requests) > MAX_ACTIONS:
            raise LimitExceeded("actions in one commit", len(requests), MAX_ACTIONS, "actions")
        total = 0
        for action, request in zip(self._actions, requests, strict=True):
            if action.kind is ActionKind.PUT:
                total += check_item(action.table, key_names(type(action.model)), request["Item"])
                total += expressions_size(request)
            else:
                total += request_size(request)
        if total > MAX_BYTES:
            raise LimitExceeded("size of one commit", total, MAX_BYTES, "bytes")


def _merged(actions: Sequence[Action]) -> tuple[ItemAction, ...]:
    """The actions, with each condition check merged into the write of its item."""
    merged: dict[tuple[object, ...], ItemAction] = {}
    for action in actions:
        if not isinstance(action, ItemAction):
            raise TypeError(f"DynamoDB takes no {type(action).__name__}")
        place = action.place
        present = merged.get(place)
        merged[place] = action if present is None else _merge(present, action)
    return tuple(merged.values())


def _merge(first: ItemAction, second: ItemAction) -> ItemAction:
    if ActionKind.CHECK not in (first.kind, second.kind):
        raise ItemWrittenTwice(first.table, key_text(first.key))
    write = first if second.kind is ActionKind.CHECK else second
    conditions = [a.condition for a in (first, second) if a.condition is not None]
    condition = conditions[0] if len(conditions) == 1 else conditions[0] & conditions[1]
    return evolve(write, condition=condition, refusals=(*first.refusals, *second.refusals))
