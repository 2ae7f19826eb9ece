"""`/orders`: placing an order, changing it while it is open, and what happened to it.

An order is shown to its customer and to administrators. For everybody else it does not exist.
"""

from __future__ import annotations

from typing import Annotated

from attrs import asdict
from fastapi import APIRouter, Depends, Header, Query, Response, status

from api.http.auth import PathId, SignedIn
from api.http.dependencies import ContainerOf
from api.http.etags import ChangedVersion, etag, is_known
from api.http.openapi import problems
from api.http.order_schemas import CancelBody, LineBody, OrderHistory, OrderView, PlaceBody
from application.orders.change_lines import AddLine, RemoveLine
from application.orders.changing import OrderCommand
from application.orders.close_order import CancelOrder, PayOrder
from domain.orders.order import Order

router = APIRouter(prefix="/orders", tags=["orders"])

LARGEST_PAGE = 100

OrderId = Annotated[str, PathId]


def _customer(caller: SignedIn) -> str | None:
    return None if caller.is_admin else caller.user_id


Customer = Annotated[str | None, Depends(_customer)]
"""Whose order it has to be that the caller asks for; None, for administrators: anybody's."""


def _change(order_id: OrderId, customer: Customer, version: ChangedVersion) -> OrderCommand:
    return OrderCommand(order_id=order_id, customer_id=customer, expected_version=version)


Change = Annotated[OrderCommand, Depends(_change)]
"""What every change says: which order, whose, at which version. The use case checks it."""


@router.post("", status_code=status.HTTP_201_CREATED, responses=problems(401, 409, 422))
def place_order(
    body: PlaceBody, caller: SignedIn, container: ContainerOf, response: Response
) -> OrderView:
    """Places an order for the caller."""
    order = container.place_order()(body.command(caller.user_id))
    response.headers["Location"] = f"/orders/{order.id}"
    return _shown(order, response)


@router.get(
    "/{order_id}",
    response_model=OrderView,
    responses={304: {"description": "Not modified"}, **problems(401, 404)},
)
def get_order(
    order_id: OrderId,
    customer: Customer,
    container: ContainerOf,
    response: Response,
    if_none_match: Annotated[str | None, Header()] = None,
) -> OrderView | Response:
    """One order of one's own, or any for administrators."""
    order = container.get_order()(order_id, customer)
    if is_known(if_none_match, order.version):
        return Response(
            status_code=status.HTTP_304_NOT_MODIFIED, headers={"ETag": etag(order.version)}
        )
    return _shown(order, response)


@router.get("/{order_id}/history", responses=problems(400, 401, 404))
def get_order_history(
    order_id: OrderId,
    customer: Customer,
    container: ContainerOf,
    after: Annotated[int, Query(ge=0, description="`next_after` of the page before.")] = 0,
    size: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = LARGEST_PAGE,
) -> OrderHistory:
    """What happened to the order, oldest first."""
    events = container.get_order_history()(order_id, customer, after=after, limit=size)
    return OrderHistory.of(events, size)


@router.post("/{order_id}/lines", responses=problems(400, 401, 404, 409, 412, 422, 428))
def add_line(
    change: Change, body: LineBody, container: ContainerOf, response: Response
) -> OrderView:
    """Adds a line to an open order, if it is still at the version in `If-Match`."""
    command = AddLine(**asdict(change), line=body.line())
    return _shown(container.add_line()(command), response)


@router.delete("/{order_id}/lines/{sku}", responses=problems(400, 401, 404, 409, 412, 422, 428))
def remove_line(change: Change, sku: str, container: ContainerOf, response: Response) -> OrderView:
    """Removes a line, never the last one, if the order is still at that version."""
    command = RemoveLine(**asdict(change), sku=sku)
    return _shown(container.remove_line()(command), response)


@router.post("/{order_id}/payment", responses=problems(400, 401, 404, 409, 412, 428))
def pay_order(change: Change, container: ContainerOf, response: Response) -> OrderView:
    """Pays the total of that version in full, which closes the order."""
    return _shown(container.pay_order()(PayOrder(**asdict(change))), response)


@router.post("/{order_id}/cancellation", responses=problems(400, 401, 404, 409, 412, 422, 428))
def cancel_order(
    change: Change, body: CancelBody, container: ContainerOf, response: Response
) -> OrderView:
    """Calls an open order off; one that was called off before stays as it is."""
    command = CancelOrder(**asdict(change), reason=body.reason)
    return _shown(container.cancel_order()(command), response)


def _shown(order: Order, response: Response) -> OrderView:
    response.headers["ETag"] = etag(order.version)
    return OrderView.of(order)
