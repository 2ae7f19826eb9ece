"""From settings and a contract to what a migration needs."""

from __future__ import annotations

from api.composition.dynamodb import make_capacity
from api.composition.migration.tables import table_names
from infrastructure.deployment.deployment import Deployment
from infrastructure.migration.contract import Contract
from infrastructure.migration.names import CLAIMS, JOURNAL, PHASES
from infrastructure.migration.phases.models import phase_schemas
from infrastructure.migration.tables import table_schemas
from infrastructure.settings.settings import Settings


def make_contract_deployment(settings: Settings, contract: Contract) -> Deployment:
    """The tables of a contract, and those that its move keeps beside them."""
    names = table_names(settings)
    of_contract = [table.name for table in contract.tables]
    schemas = [*table_schemas(contract, names), *phase_schemas(names)]
    return Deployment(
        tables=dict(zip([*of_contract, CLAIMS, PHASES, JOURNAL], schemas, strict=True)),
        contract=frozenset(of_contract),
        capacity=make_capacity(settings),
    )
