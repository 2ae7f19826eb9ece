"""What is migrated from where to where."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from attrs import frozen

from api.composition.migration.source import read_source_schema, source_name
from infrastructure.migration.claims.key_collisions import keys_may_collide
from infrastructure.migration.contract import Contract
from infrastructure.migration.errors import InvalidContract, errors_of
from infrastructure.migration.rules.checks import check_source
from infrastructure.migration.run.checkpoint import Identity
from infrastructure.migration.source.schema import SourceSchema
from infrastructure.settings.checks import invalid
from infrastructure.settings.settings import Settings


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


def identity_of(job: MigrationJob) -> Identity:
    """What is migrated from where to where."""
    digest = sha256(repr(job.contract).encode()).hexdigest()[:16]
    return Identity(
        contract=digest,
        source=source_name(job.source),
        target=target_name(job),
        key=_keys(job),
    )


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
