"""Everything that the container offers beside the use cases of contexts, subject by subject."""

from __future__ import annotations

from api.container import Container
from tests.faults.use_cases.commit_each import COMMIT_EACH
from tests.faults.use_cases.commits import COMMITS
from tests.faults.use_cases.event_store import EVENT_STORE
from tests.faults.use_cases.idempotent_receiver import IDEMPOTENT_RECEIVER
from tests.faults.use_cases.idempotent_request import IDEMPOTENT_REQUEST
from tests.faults.use_cases.limiters import LIMITERS
from tests.faults.use_cases.outbox import OUTBOX
from tests.faults.use_cases.projections import PROJECTIONS
from tests.faults.use_cases.relay_queue import RELAY_QUEUE
from tests.faults.use_cases.relays import RELAYS
from tests.faults.use_cases.subscriptions import SUBSCRIPTIONS
from tests.faults.use_cases.tables import TABLES
from tests.faults.use_cases.tagged_events import TAGGED_EVENTS
from tests.faults.use_cases.unique_values import UNIQUE_VALUES


def configure(container: Container) -> None:
    """The kernel brings nothing that would have to be replaced."""


USE_CASES = (
    *COMMITS,
    *IDEMPOTENT_RECEIVER,
    *COMMIT_EACH,
    *IDEMPOTENT_REQUEST,
    *EVENT_STORE,
    *TAGGED_EVENTS,
    *OUTBOX,
    *RELAY_QUEUE,
    *RELAYS,
    *SUBSCRIPTIONS,
    *LIMITERS,
    *PROJECTIONS,
    *TABLES,
)

CLAIMED = UNIQUE_VALUES
