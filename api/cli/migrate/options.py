"""Options that several commands of `dynastrata migrate` have."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from infrastructure.settings.settings import Settings

SPARK_MASTER = "local[2,4]"
"""Two tasks at once on this machine, each tried up to four times, as a cluster does."""


class EngineName(StrEnum):
    """What does the tasks of a migration."""

    PROCESSES = "processes"
    SPARK = "spark"


ContractFile = Annotated[Path, typer.Argument(metavar="CONTRACT", help="The file of the contract.")]
Source = Annotated[
    str | None,
    typer.Option(
        "--source",
        metavar="URL",
        help="mysql://user@host:3306/database. With a password better as the variable "
        "DYNASTRATA_MIGRATION_SOURCE.",
        show_default=False,
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(min=1, max=1000, help="Processes at work.", show_default="one for each processor"),
]
RangeSize = Annotated[
    int, typer.Option(min=1, max=1_000_000, help="Rows that are read, written and saved as one.")
]
EngineOption = Annotated[
    EngineName, typer.Option("--engine", help="processes: of this machine. spark: Apache Spark.")
]
SparkMaster = Annotated[
    str | None,
    typer.Option(metavar="M", help="For --engine spark.", show_default=SPARK_MASTER),
]


def cores() -> int:
    """How many workers there are where nobody says."""
    return os.cpu_count() or 1


def source_of(settings: Settings, source: str | None) -> str:
    """The source that is named. Raises `typer.BadParameter` where none is."""
    named = source or settings.migration_source
    if not named:
        raise typer.BadParameter("is missing", param_hint="--source or DYNASTRATA_MIGRATION_SOURCE")
    return named


def spark_master_of(engine: EngineName, master: str | None) -> str | None:
    """The master, where Spark is chosen. Raises `typer.BadParameter` where it is not."""
    if engine is EngineName.SPARK:
        return master or SPARK_MASTER
    if master is not None:
        raise typer.BadParameter("is for --engine spark", param_hint="--spark-master")
    return None
