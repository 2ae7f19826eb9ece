"""`dynastrata export`: what a deployment needs, made from the models and the settings."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from api.bootstrap import read_settings
from api.cli.output import say, say_json
from infrastructure.contexts.registered import REGISTERED
from infrastructure.deployment.roles import Role

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
) -> None:
    """Print IAM policies, as JSON: what each role may do, and nothing else.

    Resources are in the region of the settings or of the AWS SDK. Asks nothing of AWS.
    """
    from api.composition.deployment import make_deployment, make_place  # noqa: PLC0415 as above
    from infrastructure.deployment.policies import policy  # noqa: PLC0415 as above

    settings = read_settings()
    deployment, place = make_deployment(settings, REGISTERED), make_place(settings, account)
    if role is not None:
        say_json(policy(role, deployment, place))
    else:
        say_json({each.value: policy(each, deployment, place) for each in Role})
