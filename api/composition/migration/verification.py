"""From a job to the comparison of both sides."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from api.composition.migration.job import MigrationJob
from api.composition.migration.phases import make_phases
from api.composition.migration.tables import make_patient_gateway, table_names
from api.composition.migration.workers import make_comparer
from infrastructure.migration.claims.claim_pass import claiming_tables
from infrastructure.migration.engines.engine import Engine
from infrastructure.migration.names import CLAIMS
from infrastructure.migration.phases.recopying import recopy
from infrastructure.migration.run.outcome import Progress
from infrastructure.migration.source.connection import connect
from infrastructure.migration.source.reader import SourceReader
from infrastructure.migration.verification.strays import Strays
from infrastructure.migration.verification.verification import Mend, Verification


def make_verification(
    job: MigrationJob,
    engine: Engine,
    *,
    range_size: int,
    sample: float,
    on_progress: Callable[[Progress], object],
    mend: Mend | None = None,
) -> Verification:
    """A comparison of source and target, planned anew. Raises `SourceFailed`."""
    gateway, names = make_patient_gateway(job.settings), table_names(job.settings)
    return Verification(
        job.contract,
        SourceReader(connect(job.source), job.schema),
        Strays(job.contract, job.schema, gateway, names.physical),
        engine,
        partial(make_comparer, job, sample),
        claims_table=names.physical(CLAIMS),
        claiming=claiming_tables(job.contract, job.colliding),
        range_size=range_size,
        is_sampled=sample < 1,
        on_progress=on_progress,
        mend=mend,
    )


def make_mend(job: MigrationJob) -> Mend:
    """What copies once more, under its entry in the journal, each key that differs.

    Makes the tables of the move where they are missing. Raises `TargetLeads`.
    """
    phases = make_phases(job.settings)
    phases.create_tables()
    moves = {
        table.name: phases.move(table, job.source, job.schema) for table in job.contract.tables
    }
    for move in moves.values():
        move.check_source_leads()
    return partial(recopy, moves)
