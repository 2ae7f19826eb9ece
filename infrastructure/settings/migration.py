"""Where a migration reads."""

from __future__ import annotations

from attrs import frozen

from infrastructure.settings.options import secret


@frozen(kw_only=True, slots=False)
class MigrationSettings:
    """Where a migration reads."""

    migration_source: str = secret(
        "",
        "The database that `migrate` reads: mysql://user:password@host:3306/database. As a "
        "variable its password stands in no command line. Empty: `--source` names it.",
    )
