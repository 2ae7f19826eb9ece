"""`/orders`: placing an order, changing it while it is open, and what happened to it.

An order is shown to its customer and to administrators. For everybody else it does not exist.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response, status
from fastapi.responses import JSONResponse

from api.http.dependencies import (
    ChangedVersion,
    ContainerOf,
    IfNoneMatch,
    etag,
    is_known,
)
from api.http.idempotency import OnceOf
from api.http.openapi import answers, problems
from api.http.orders.schemas import (
    SKU_PATTERN,
    CancelBody,
    LineBody,
    OrderHistory,
    OrderView,
    PlaceBody,
)
from api.http.users.auth import PathId, SignedIn
from application.orders.change_order import OrderToChange
from domain.consistency import MAX_VERSION
from domain.orders.order import Order

router = APIRouter(prefix="/orders", tags=["orders"])

MAX_PAGE = 100

OrderId = Annotated[str, PathId]


async def _customer(caller: SignedIn) -> str | None:
    return None if caller.is_admin else caller.user_id


Customer = Annotated[str | None, Depends(_customer)]
"""Whose order it has to be that the caller asks for; None, for administrators: anybody's."""


async def _target(order_id: OrderId, customer: Customer, version: ChangedVersion) -> OrderToChange:
    return OrderToChange(order_id=order_id, customer_id=customer, expected_version=version)


Target = Annotated[OrderToChange, Depends(_target)]
"""What every change says: which order, whose, at which version. The use case checks it."""

_CHANGED = {**answers(200, "ETag"), **problems(400, 401, 404, 409, 412, 428)}


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=OrderView,
    responses={**answers(201, "ETag", "Location"), **problems(400, 401, 409, 422)},
)
def place_order(
    body: PlaceBody, caller: SignedIn, container: ContainerOf, once: OnceOf
) -> Response:
    """Places an order for the caller, at the present prices."""
    return once.answer(
        lambda keep: container.place_order()(
            customer_id=caller.user_id, lines=body.requested(), keep=keep
        ),
        _placed,
    )


@router.get(
    "/{order_id}",
    response_model=OrderView,
    responses={**answers(200, "ETag"), **answers(304, "ETag"), **problems(401, 404)},
)
def get_order(
    order_id: OrderId,
    customer: Customer,
    container: ContainerOf,
    response: Response,
    if_none_match: IfNoneMatch = None,
) -> OrderView | Response:
    """One order of one's own, or any for administrators."""
    order = container.get_order()(order_id, customer)
    if is_known(if_none_match, order.version):
        return Response(
            status_code=status.HTTP_304_NOT_MODIFIED, headers={"ETag": etag(order.version)}
        )
    return _view(order, response)


@router.get("/{order_id}/history", responses=problems(400, 401, 404))
def get_order_history(
    order_id: OrderId,
    customer: Customer,
    container: ContainerOf,
    after: Annotated[
        int, Query(ge=0, le=MAX_VERSION, description="`next_after` of the page before.")
    ] = 0,
    size: Annotated[int, Query(ge=1, le=MAX_PAGE)] = MAX_PAGE,
) -> OrderHistory:
    """What happened to the order, oldest first."""
    events = container.get_order_history()(order_id, customer, after=after, limit=size)
    return OrderHistory.of(events, size)


@router.post("/{order_id}/lines", response_model=OrderView, responses=_CHANGED)
def add_line(target: Target, body: LineBody, container: ContainerOf, once: OnceOf) -> Response:
    """Adds a line at the present price, if the order is still at the version in `If-Match`."""
    return once.answer(
        lambda keep: container.add_line()(target, body.requested(), keep=keep), _shown
    )


@router.delete("/{order_id}/lines/{sku}", responses={**_CHANGED, **problems(422)})
def remove_line(
    target: Target,
    sku: Annotated[str, Path(json_schema_extra={"pattern": SKU_PATTERN})],
    container: ContainerOf,
    response: Response,
) -> OrderView:
    """Removes a line, never the last one, if the order is still at that version."""
    return _view(container.remove_line()(target, sku), response)


@router.post(
    "/{order_id}/payment", response_model=OrderView, responses={**_CHANGED, **problems(422)}
)
def pay_order(target: Target, container: ContainerOf, once: OnceOf) -> Response:
    """Pays the total of that version in full, which closes the order."""
    return once.answer(lambda keep: container.pay_order()(target, keep=keep), _shown)


@router.post("/{order_id}/cancellation", response_model=OrderView, responses=_CHANGED)
def cancel_order(
    target: Target, body: CancelBody, container: ContainerOf, once: OnceOf
) -> Response:
    """Calls an open order off; one that was called off before stays as it is."""
    return once.answer(
        lambda keep: container.cancel_order()(target, body.reason, keep=keep), _shown
    )


def _placed(order: Order) -> Response:
    answer = _shown(order)
    answer.status_code = status.HTTP_201_CREATED
    answer.headers["Location"] = f"/orders/{order.id}"
    return answer


def _shown(order: Order) -> Response:
    content = OrderView.of(order).model_dump(mode="json")
    return JSONResponse(content, headers={"ETag": etag(order.version)})


def _view(order: Order, response: Response) -> OrderView:
    response.headers["ETag"] = etag(order.version)
    return OrderView.of(order)
