"""Turns generated requests on what lives, so that they get through to the use cases."""

from __future__ import annotations

from random import Random
from typing import Any
from uuid import uuid4

from attrs import define, field
from schemathesis import Case, HookContext, Response
from schemathesis.auths import AuthContext
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import TestPhase
from schemathesis.schemas import BaseSchema

from scripts.attack.callers import Caller
from scripts.attack.report import Report
from scripts.attack.targets import ARTICLES, Targets

Request = Case[Any]
"""A generated request, as Schemathesis calls it: a case."""

IF_MATCH = "If-Match"
_KEY = "Idempotency-Key"
_AUTHORIZATION = "Authorization"
_MOSTLY = 0.7
"""How often a request is changed that would fit without it, too."""


@define
class SignedIn:
    """Signs the requests of a caller in."""

    caller: Caller
    _given: set[str] = field(factory=set)

    def sign(self, case: Request) -> None:
        """Adds the headers of a session that runs."""
        case.headers.update(self.caller.headers)
        self._given.add(case.headers[_AUTHORIZATION])

    def renew(self, case: Request) -> None:
        """Another session may run since then. What the request made up stays."""
        if case.headers.get(_AUTHORIZATION) in self._given:
            self.sign(case)

    def of(self, schema: BaseSchema) -> None:
        """Signs every request in that is made of this description."""

        @schema.auth(refresh_interval=None)
        class Provider:
            def get(_, case: Request, context: AuthContext) -> SignedIn:  # noqa: N805 of Schemathesis
                return self

            def set(_, case: Request, data: SignedIn, context: AuthContext) -> None:  # noqa: N805 same
                data.sign(case)


@define
class Live:
    """What is done with each request of one caller, before and after it is sent."""

    targets: Targets
    paths: dict[str, Any]
    report: Report
    random: Random
    signed_in: SignedIn | None
    changed: set[str] = field(factory=set)
    """The operations that were answered with success."""

    def before(self, _: HookContext, case: Request, __: dict[str, Any]) -> None:
        """Names what lives, at its present version. What does not fit on purpose stays."""
        if _fits(case, ParameterLocation.PATH):
            self._name(case)
        if _fits(case, ParameterLocation.HEADER):
            case.headers.update(self._present(case))
        if _fits(case, ParameterLocation.BODY) and isinstance(case.body, dict):
            case.body = {**case.body, **self._known(case)}
        if self.signed_in is not None:
            self.signed_in.renew(case)

    def after(self, _: HookContext, case: Request, response: Response) -> None:
        """Takes note of what became of it."""
        caller, status = self.targets.caller, response.status_code
        if caller is not None:
            caller.heard(status, response.text)
        if status >= 300:
            return
        self.changed.add(case.operation.label)
        self.report.expect(
            self.targets.strange.isdisjoint(map(str, case.path_parameters.values())),
            f"{case.operation.label}: what others have was answered with {status}",
            case.as_curl_command(),
        )
        whose = self._whose(case)
        if whose is not None and isinstance(case.body, dict):
            whose.password = str(case.body.get("new_password", whose.password))

    def _name(self, case: Request) -> None:
        is_linked = case.meta is not None and case.meta.phase.name is TestPhase.STATEFUL
        known: dict[str, Any] = {}
        # In the order of the path: what is below an order is found when the order is.
        for parameter in sorted(case.path_parameters, key=case.path.index):
            value = case.path_parameters[parameter]
            if is_linked and value != self.targets.administrator.id:
                known[parameter] = value
            else:
                known[parameter] = self.targets.find(parameter, known) or value
        if known:
            case.path_parameters = known

    def _present(self, case: Request) -> dict[str, str]:
        """The present entity tag, and a key that was not used; where the request has any."""
        present = dict[str, str]()
        if case.headers.get(IF_MATCH) and (tag := self.targets.entity_tag(self._resource(case))):
            present[IF_MATCH] = tag
        if case.headers.get(_KEY) and self.random.random() < _MOSTLY:
            present[_KEY] = f'"{uuid4()}"'
        return present

    def _resource(self, case: Request) -> str:
        """The path of what has the version: the nearest above that can be read."""
        template: str = case.path
        while "get" not in self.paths.get(template, {}) and template:
            template = template.rpartition("/")[0]
        return template.format(**case.path_parameters)

    def _known(self, case: Request) -> dict[str, Any]:
        """What a body must know to get through: passwords and articles."""
        body, whose, known = case.body, self._whose(case), dict[str, Any]()
        assert isinstance(body, dict)  # noqa: S101 for the type checker
        if self.random.random() > _MOSTLY:
            return known
        if whose is not None and "current_password" in body:
            known["current_password"] = whose.password
        if self.targets.caller is not None and case.path == "/sessions":
            known |= {name: getattr(self.targets.caller, name) for name in ("email", "password")}
        if "sku" in body:
            known["sku"] = ARTICLES[-1]  # in no order at first
        if body.get("lines"):
            known["lines"] = [{"sku": sku, "quantity": 1} for sku in ARTICLES[:2]]
        return known

    def _whose(self, case: Request) -> Caller | None:
        """Whose account the path names."""
        people = (self.targets.caller, self.targets.other)
        ids = case.path_parameters.values()
        return next((each for each in people if each is not None and each.id in ids), None)


def _fits(case: Request, location: ParameterLocation) -> bool:
    return case.meta is None or not case.meta.is_negative_at(location)
