"""https://dcb.events/examples/invoice-number/

The numbers of invoices are without a gap. A decision is on all invoices, whatever their tags, so
their type is guarded; and the last one tells all.
"""

from __future__ import annotations

from attrs import frozen

from application.append_decision import domain_events
from application.ports.dcb_store import DcbStore
from domain.events import DomainEvent
from domain.tagged_events import Query, Tag, TaggedEvent
from infrastructure.contexts.context import Context
from infrastructure.events.registry import EventType
from tests.dcb_examples.given_when_then import Command, Decision, check, check_only_one
from tests.times import NOW


@frozen(kw_only=True)
class InvoiceCreated(DomainEvent):
    number: int
    content: str


CONTEXT = Context(
    event_types=(EventType("InvoiceCreated", InvoiceCreated),), guarded=(InvoiceCreated,)
)


def created(number: int, content: str) -> TaggedEvent:
    event = InvoiceCreated(number=number, content=content, occurred_at=NOW)
    return TaggedEvent(event=event, tags=(Tag(f"invoice:{number}"),))


def create(content: str) -> Command:
    def decide(dcb: DcbStore) -> Decision:
        last = dcb.read(Query.of(types=(InvoiceCreated,)), backwards=True, limit=1)
        numbers = [e.number for e in domain_events(last.events) if isinstance(e, InvoiceCreated)]
        return Decision(created(max(numbers, default=0) + 1, content), last.condition)

    return decide


def test_the_first_invoice_has_the_number_one(dcb: DcbStore) -> None:
    check(dcb, given=[], when=create("bar"), then=created(1, "bar"))


def test_an_invoice_has_the_number_after_the_last(dcb: DcbStore) -> None:
    given = [created(1, "foo"), created(2, "bar")]
    check(dcb, given=given, when=create("baz"), then=created(3, "baz"))


def test_of_two_invoices_at_once_one_gets_the_number(dcb: DcbStore) -> None:
    check_only_one(dcb, given=[created(1, "foo")], when=[create("bar"), create("baz")])
