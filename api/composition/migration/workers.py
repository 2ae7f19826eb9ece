"""From a job to what does its tasks, in whichever process."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from api.composition.migration.job import MigrationJob
from api.composition.migration.tables import make_patient_gateway, table_names
from api.composition.migration.target import make_claims, make_target
from infrastructure.migration.claims.claim_pass import ClaimPass
from infrastructure.migration.names import CLAIMS
from infrastructure.migration.pacing import Pacing
from infrastructure.migration.rows import SourceRow
from infrastructure.migration.run.expected_items import ExpectedItems
from infrastructure.migration.run.worker import Worker
from infrastructure.migration.source.connection import connect
from infrastructure.migration.source.reader import SourceReader
from infrastructure.migration.verification.comparer import Comparer, in_sample
from infrastructure.migration.verification.stored_claims import StoredClaims
from infrastructure.system.logs import configure_logs


def make_worker(job: MigrationJob) -> Worker:
    """A worker for one process. Nothing is connected until its first task."""
    configure_logs(job.settings.log_level, as_json=job.settings.is_deployed)
    pacing = Pacing(job.write_units)
    claims = ClaimPass(job.contract, make_claims(job), job.colliding, pacing)
    return Worker(_make_expected(job, claims), claims, make_target(job, pacing))


def make_comparer(job: MigrationJob, sample: float) -> Comparer:
    """What compares ranges, for one process. `sample` is the share of the rows, at most 1."""
    configure_logs(job.settings.log_level, as_json=job.settings.is_deployed)
    gateway, names = make_patient_gateway(job.settings), table_names(job.settings)
    stored = StoredClaims(gateway, names.physical(CLAIMS))
    claims = ClaimPass(job.contract, stored, job.colliding)
    expected = _make_expected(job, claims, partial(in_sample, sample))
    return Comparer(job.contract, expected, stored, gateway, names.physical)


def _make_expected(
    job: MigrationJob, claims: ClaimPass, chosen: Callable[[SourceRow], bool] = lambda _: True
) -> ExpectedItems:
    reader = SourceReader(connect(job.source), job.schema)
    return ExpectedItems(job.contract, job.schema, reader, claims, chosen)
