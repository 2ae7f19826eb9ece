"""`dynastrata export`: what a deployment needs, made from the models and the settings."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.bootstrap import read_settings
from api.cli.migrate.extra import needing_extra
from api.cli.output import say, say_json
from infrastructure.deployment.role import OF_CONTRACT, Role

if TYPE_CHECKING:
    from infrastructure.deployment.deployment import Deployment
    from infrastructure.settings.settings import Settings

app = typer.Typer(help="What a deployment needs, made from the models and the settings.")


class Format(StrEnum):
    """How a template is written."""

    YAML = "yaml"
    JSON = "json"


@app.command()
def cloudformation(
    *, format_: Annotated[Format, typer.Option("--format", help="How to write it.")] = Format.YAML
) -> None:
    """Print a CloudFormation template of all that the settings name.

    Tables, the bucket for blobs, queues, topics and buses, and alarms. What holds data stays when
    the stack is deleted. Asks nothing of AWS.
    """
    # Imported where it is used: in memory alone the command works without the SDK of AWS.
    from api.composition.deployment import make_deployment  # noqa: PLC0415 see above
    from infrastructure.contexts.registered import REGISTERED  # noqa: PLC0415 see above
    from infrastructure.deployment.template import template  # noqa: PLC0415 see above
    from infrastructure.deployment.yaml import to_yaml  # noqa: PLC0415 see above

    content = template(make_deployment(read_settings(), REGISTERED))
    if format_ is Format.JSON:
        say_json(content)
    else:
        say(to_yaml(content).removesuffix("\n"))


@app.command()
def iam(
    *,
    role: Annotated[
        Role | None, typer.Option(help="The policy of this role. Without: each by its role.")
    ] = None,
    account: Annotated[
        str, typer.Option(metavar="ID", help="The account of the resources. *: any.")
    ] = "*",
    contract: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The contract of a migration, whose tables the roles migration and "
            "contract-application are for.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Print IAM policies, as JSON: what each role may do, and nothing else.

    Resources are in the region of the settings or of the AWS SDK. Asks nothing of AWS.
    """
    from api.composition.deployment import make_place  # noqa: PLC0415 as above
    from infrastructure.deployment.policies import policy  # noqa: PLC0415 as above

    _check_contract(role, contract)
    settings = read_settings()
    place = make_place(settings, account)
    deployments = _deployments(settings, contract)
    if role is not None:
        say_json(policy(role, deployments[role], place))
    else:
        say_json({each.value: policy(each, of, place) for each, of in deployments.items()})


def _check_contract(role: Role | None, contract: Path | None) -> None:
    """Raises `typer.BadParameter` where a role lacks its contract, or has no use for one."""
    if contract is None and role in OF_CONTRACT:
        reason = f"is missing: the tables of the role {role} are those of a contract"
        raise typer.BadParameter(reason, param_hint="--contract")
    if contract is not None and role is not None and role not in OF_CONTRACT:
        roles = " and ".join(each for each in Role if each in OF_CONTRACT)
        reason = f"has no place beside the role {role}: it is for {roles}"
        raise typer.BadParameter(reason, param_hint="--contract")


def _deployments(settings: Settings, contract: Path | None) -> dict[Role, Deployment]:
    """What each role has to do with."""
    from api.composition.deployment import make_deployment  # noqa: PLC0415 as above
    from infrastructure.contexts.registered import REGISTERED  # noqa: PLC0415 as above

    service = make_deployment(settings, REGISTERED)
    found = {role: service for role in Role if role not in OF_CONTRACT}
    if contract is None:
        return found
    with needing_extra():
        from api.composition.migration.deployment import (  # noqa: PLC0415 as above
            make_contract_deployment,
        )
        from infrastructure.migration.reading import read_contract  # noqa: PLC0415 as above

    moved = make_contract_deployment(settings, read_contract(contract))
    return found | {role: moved for role in Role if role in OF_CONTRACT}
