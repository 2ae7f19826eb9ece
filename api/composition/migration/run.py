"""From a job to its run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from attrs import evolve

from api.composition.migration.job import MigrationJob, identity_of
from api.composition.migration.workers import make_worker
from infrastructure.migration.claims.claim_pass import claiming_tables
from infrastructure.migration.engines.engine import Engine
from infrastructure.migration.run.migration import Migration
from infrastructure.migration.run.outcome import Progress
from infrastructure.migration.run.work_directory import WorkDirectory
from infrastructure.migration.source.connection import connect
from infrastructure.migration.source.failures import source_failures
from infrastructure.migration.source.reader import SourceReader


def make_migration(
    job: MigrationJob,
    engine: Engine,
    work: WorkDirectory,
    *,
    range_size: int,
    max_rejects: int | None,
    write_units: float | None,
    on_progress: Callable[[Progress], object],
) -> Migration:
    """A migration, planned. Raises `AnotherMigration`, `SourceFailed`."""
    per_worker = None if write_units is None else write_units / engine.workers
    migration = Migration(
        job.contract,
        claiming_tables(job.contract, job.colliding),
        engine,
        partial(make_worker, evolve(job, write_units=per_worker)),
        work,
        max_rejects=max_rejects,
        on_progress=on_progress,
    )
    reader = SourceReader(connect(job.source), job.schema)
    with source_failures():
        migration.plan(identity_of(job), lambda entity: reader.plan(entity, range_size))
    return migration
