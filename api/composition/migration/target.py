"""From a job to where its items and claims go."""

from __future__ import annotations

from pathlib import Path

from api.composition.migration.job import MigrationJob
from api.composition.migration.tables import (
    make_migration_tables,
    make_patient_gateway,
    table_names,
)
from infrastructure.migration.claims.claim_file import ClaimFile
from infrastructure.migration.claims.claim_store import ClaimStore
from infrastructure.migration.claims.claim_table import ClaimTable
from infrastructure.migration.names import CLAIMS
from infrastructure.migration.pacing import Pacing
from infrastructure.migration.run.work_directory import WorkDirectory
from infrastructure.migration.targets.files import FileTarget, write_claim_files
from infrastructure.migration.targets.tables import TableTarget
from infrastructure.migration.targets.target import NoTarget, Target, TargetUnfit
from infrastructure.settings.checks import invalid


def prepare_target(job: MigrationJob, work: WorkDirectory) -> None:
    """Creates the tables that are missing. Raises `TargetUnfit` where what is there is another.

    Raises `SettingsError` where production lacks tables and is not to create any.
    """
    if job.files is not None and not work.is_begun and any(job.files.glob("*")):
        raise TargetUnfit(str(job.files), "is not empty, and of no run in this work directory")
    if not job.writes_tables:
        return
    tables = make_migration_tables(job.settings, job.contract)
    states = tables.status()
    missing = [each.name for each in states if each.state == "MISSING"]
    may_create = not job.settings.is_deployed or job.settings.allow_create_tables_in_production
    if missing and not may_create:
        reason = f"is off, and these tables are missing: {', '.join(missing)}"
        raise invalid("allow_create_tables_in_production", reason)
    for each in states:
        if each.state != "MISSING" and each.drift:
            raise TargetUnfit(each.name, "; ".join(each.drift))
    tables.create_missing()


def make_target(job: MigrationJob, pacing: Pacing) -> Target:
    """Where the items go. Nothing is connected yet."""
    physical = table_names(job.settings).physical
    if job.files is not None:
        return FileTarget(job.files, physical)
    if job.is_dry_run:
        return NoTarget(job.contract)
    return TableTarget(make_patient_gateway(job.settings), physical, pacing)


def make_claims(job: MigrationJob) -> ClaimStore:
    """Where the claims go."""
    if not job.writes_tables:
        return ClaimFile(_claim_file(job.work))
    name = table_names(job.settings).physical(CLAIMS)
    return ClaimTable(make_patient_gateway(job.settings), name)


def finish_target(job: MigrationJob) -> None:
    """Writes what only the whole can: the files of the claims."""
    if job.files is None or not any(table.unique for table in job.contract.tables):
        return
    folder = job.files / table_names(job.settings).physical(CLAIMS)
    claims = ClaimFile(_claim_file(job.work))
    write_claim_files(folder, claims.items())
    claims.close()


def _claim_file(work: Path) -> Path:
    """Where runs that write to no table keep claims."""
    return work / "claims.sqlite"
