"""What does the tasks of a migration."""

from __future__ import annotations

from api.composition.migration.job import MigrationJob
from infrastructure.migration.claims.claim_pass import claiming_tables
from infrastructure.migration.engines.engine import Engine
from infrastructure.migration.engines.processes import ProcessEngine
from infrastructure.migration.engines.spark import SparkEngine
from infrastructure.migration.targets.target import TargetUnfit


def check_engine(job: MigrationJob, spark_master: str | None) -> None:
    """Raises `TargetUnfit` where workers of several machines would share a file of claims."""
    is_elsewhere = spark_master is not None and not spark_master.startswith("local")
    if job.writes_tables or not is_elsewhere:
        return
    claiming = sorted(claiming_tables(job.contract, job.colliding))
    if claiming:
        raise TargetUnfit(
            f"--spark-master {spark_master}",
            "is of other machines, and where nothing is written into tables the values and keys of "
            f"{', '.join(claiming)} that must be unique are kept in a file of this one: leave out "
            "--to-files and --dry-run, or the master",
        )


def make_migration_engine(workers: int, spark_master: str | None) -> Engine:
    """Spark where a master is named, else so many processes. Raises `SparkUnavailable`."""
    return ProcessEngine(workers) if spark_master is None else SparkEngine(spark_master)
