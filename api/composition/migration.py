"""From settings to what migrates."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path

from attrs import evolve, frozen

from api.composition.dynamodb import make_capacity, make_gateway
from api.composition.migration_check import read_source_schema, source_name
from api.composition.migration_phases import make_phases
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.gateway.observation import GatewayTelemetry
from infrastructure.dynamodb.schema.table_initializer import DynamoDBTableInitializer
from infrastructure.dynamodb.table_names import TableNames
from infrastructure.metering import Meter
from infrastructure.migration.claims.claim_file import ClaimFile
from infrastructure.migration.claims.claim_pass import ClaimPass, claiming_tables
from infrastructure.migration.claims.claim_store import ClaimStore
from infrastructure.migration.claims.claim_table import ClaimTable
from infrastructure.migration.claims.key_collisions import keys_may_collide
from infrastructure.migration.contract import Contract
from infrastructure.migration.engines.engine import Engine
from infrastructure.migration.engines.processes import ProcessEngine
from infrastructure.migration.engines.spark import SparkEngine
from infrastructure.migration.errors import InvalidContract, errors_of
from infrastructure.migration.names import CLAIMS
from infrastructure.migration.pacing import Pacing
from infrastructure.migration.phases.recopying import recopy
from infrastructure.migration.rows import SourceRow
from infrastructure.migration.rules.checks import check_source
from infrastructure.migration.run.checkpoint import Identity
from infrastructure.migration.run.expected_items import ExpectedItems
from infrastructure.migration.run.migration import Migration
from infrastructure.migration.run.outcome import Progress
from infrastructure.migration.run.work_directory import WorkDirectory
from infrastructure.migration.run.worker import Worker
from infrastructure.migration.source.connection import connect
from infrastructure.migration.source.failures import source_failures
from infrastructure.migration.source.reader import SourceReader
from infrastructure.migration.source.schema import SourceSchema
from infrastructure.migration.tables import table_schemas
from infrastructure.migration.targets.files import FileTarget, write_claim_files
from infrastructure.migration.targets.tables import TableTarget
from infrastructure.migration.targets.target import NoTarget, Target, TargetUnfit
from infrastructure.migration.verification.comparer import Comparer, in_sample
from infrastructure.migration.verification.stored_claims import StoredClaims
from infrastructure.migration.verification.strays import Strays
from infrastructure.migration.verification.verification import Mend, Verification
from infrastructure.settings.checks import invalid
from infrastructure.settings.settings import Settings
from infrastructure.system.logs import configure_logs

_ATTEMPTS = 10
_DEADLINE_SECONDS = 300.0
"""A table that grows into its load throttles for minutes; a migration has them."""


@frozen(kw_only=True)
class MigrationJob:
    """What each worker is made of, in whichever process. Can be pickled, and holds passwords."""

    settings: Settings
    contract: Contract
    source: str
    schema: SourceSchema
    colliding: frozenset[str]
    """The tables in which rows could become items with the same key."""
    work: Path
    files: Path | None = None
    is_dry_run: bool = False
    write_units: float | None = None
    """Write units a second, for each worker."""

    @property
    def writes_tables(self) -> bool:
        """Whether the items go into the tables of DynamoDB."""
        return self.files is None and not self.is_dry_run


def make_worker(job: MigrationJob) -> Worker:
    """A worker for one process. Nothing is connected until its first task."""
    configure_logs(job.settings.log_level, as_json=job.settings.is_production)
    pacing = Pacing(job.write_units)
    claims = ClaimPass(job.contract, _make_claims(job), job.colliding, pacing)
    return Worker(_make_expected(job, claims), claims, _make_target(job, pacing))


def make_comparer(job: MigrationJob, sample: float) -> Comparer:
    """What compares ranges, for one process. `sample` is the share of the rows, at most 1."""
    configure_logs(job.settings.log_level, as_json=job.settings.is_production)
    gateway, names = make_patient_gateway(job.settings), table_names(job.settings)
    stored = StoredClaims(gateway, names.physical(CLAIMS))
    claims = ClaimPass(job.contract, stored, job.colliding)
    expected = _make_expected(job, claims, partial(in_sample, sample))
    return Comparer(job.contract, expected, stored, gateway, names.physical)


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


def make_job(
    settings: Settings,
    contract: Contract,
    source: str,
    *,
    work: Path,
    files: Path | None = None,
    is_dry_run: bool = False,
) -> MigrationJob:
    """Reads the schema of the source, and checks that the contract fits.

    Raises `SettingsError` for a source that is no URL, and for a target that forgets; and
    `InvalidContract`, `SourceFailed`.
    """
    if files is None and not is_dry_run and settings.provider == "memory":
        raise invalid(
            "provider",
            "memory forgets everything at exit: choose dynamodb, or --to-files, or --dry-run",
        )
    schema = read_source_schema(source)
    problems = errors_of(check_source(contract, schema))
    if problems:
        raise InvalidContract(problems)
    colliding = frozenset(
        table.name for table in contract.tables if keys_may_collide(table, schema)
    )
    return MigrationJob(
        settings=settings,
        contract=contract,
        source=source,
        schema=schema,
        colliding=colliding,
        work=work,
        files=files,
        is_dry_run=is_dry_run,
    )


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
    may_create = not job.settings.is_production or job.settings.allow_create_tables_in_production
    if missing and not may_create:
        reason = f"is off, and these tables are missing: {', '.join(missing)}"
        raise invalid("allow_create_tables_in_production", reason)
    for each in states:
        if each.state != "MISSING" and each.drift:
            raise TargetUnfit(each.name, "; ".join(each.drift))
    tables.create_missing()


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


def finish_target(job: MigrationJob) -> None:
    """Writes what only the whole can: the files of the claims."""
    if job.files is None or not any(table.unique for table in job.contract.tables):
        return
    folder = job.files / table_names(job.settings).physical(CLAIMS)
    claims = ClaimFile(claim_file(job.work))
    write_claim_files(folder, claims.items())
    claims.close()


def identity_of(job: MigrationJob) -> Identity:
    """What is migrated from where to where."""
    digest = sha256(repr(job.contract).encode()).hexdigest()[:16]
    return Identity(
        contract=digest,
        source=source_name(job.source),
        target=target_name(job),
        key=_keys(job),
    )


def make_migration_engine(workers: int, spark_master: str | None) -> Engine:
    """Spark where a master is named, else so many processes. Raises `SparkUnavailable`."""
    return ProcessEngine(workers) if spark_master is None else SparkEngine(spark_master)


def make_migration_tables(settings: Settings, contract: Contract) -> DynamoDBTableInitializer:
    """Creates the tables of a contract and that of claims, and tells how they differ."""
    schemas = table_schemas(contract, table_names(settings))
    return DynamoDBTableInitializer(
        make_patient_gateway(settings), schemas, make_capacity(settings)
    )


def make_patient_gateway(settings: Settings) -> Gateway:
    """The door to DynamoDB for bulk work: it waits longer before it gives up."""
    patient = evolve(
        settings,
        retry_attempts=max(settings.retry_attempts, _ATTEMPTS),
        call_deadline_seconds=_DEADLINE_SECONDS,
    )
    return make_gateway(patient, Meter(), GatewayTelemetry())


def table_names(settings: Settings) -> TableNames:
    """The physical names of the tables of a contract."""
    return TableNames(settings.table_prefix, settings.tables)


def claim_file(work: Path) -> Path:
    """Where runs that write to no table keep claims."""
    return work / "claims.sqlite"


def target_name(job: MigrationJob) -> str:
    """The target for people and for checkpoints."""
    if job.files is not None:
        return f"files in {job.files.resolve()}"
    if job.is_dry_run:
        return "nowhere"
    place = job.settings.endpoint_url or f"AWS, {job.settings.region or 'region of the SDK'}"
    return f"tables {job.settings.table_prefix}* at {place}"


def _keys(job: MigrationJob) -> str:
    entities = [entity for table in job.contract.tables for entity in table.entities]
    names = dict.fromkeys(entity.source_table for entity in entities)
    return "; ".join(f"{name} by {job.schema.tables[name].order}" for name in names)


def _make_expected(
    job: MigrationJob, claims: ClaimPass, chosen: Callable[[SourceRow], bool] = lambda _: True
) -> ExpectedItems:
    reader = SourceReader(connect(job.source), job.schema)
    return ExpectedItems(job.contract, job.schema, reader, claims, chosen)


def _make_target(job: MigrationJob, pacing: Pacing) -> Target:
    physical = table_names(job.settings).physical
    if job.files is not None:
        return FileTarget(job.files, physical)
    if job.is_dry_run:
        return NoTarget(job.contract)
    return TableTarget(make_patient_gateway(job.settings), physical, pacing)


def _make_claims(job: MigrationJob) -> ClaimStore:
    if not job.writes_tables:
        return ClaimFile(claim_file(job.work))
    name = table_names(job.settings).physical(CLAIMS)
    return ClaimTable(make_patient_gateway(job.settings), name)
