"""`/users`: registration, one's own data, and what administrators do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import APIRouter, Query, Response, status
from pydantic.json_schema import SkipJsonSchema

from api.http.body import TOKEN
from api.http.dependencies import (
    ChangedVersion,
    ContainerOf,
    IfNoneMatch,
    RemovedVersion,
    SourceOf,
    etag,
    is_known,
)
from api.http.openapi import answers, problems
from api.http.refusals import BadRequest
from api.http.users.auth import UserId, admin, own_or_admin
from api.http.users.schemas import (
    Accepted,
    ChangeEmailBody,
    CompleteResetBody,
    EmailBody,
    PasswordBody,
    RegisterBody,
    TokenBody,
    UpdateBody,
    UserPage,
    UserView,
)
from application.ports.token_signer import InvalidToken
from application.users.list_users import MAX_PAGE
from domain.errors import InvalidValue
from domain.users.user import User

router = APIRouter(prefix="/users", tags=["users"])

_BAN = {**answers(200, "ETag"), **problems(401, 403, 404, 409)}


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses={**answers(201, "ETag", "Location"), **problems(409, 422, 429)},
)
def register(
    body: RegisterBody, source: SourceOf, container: ContainerOf, response: Response
) -> UserView:
    """Registers a user and sends a mail that lets them prove the address. Open to everyone."""
    user = container.register_user()(**body.model_dump(), source=source)
    response.headers["Location"] = f"/users/{user.id}"
    return _view(user, response)


@router.get("", dependencies=[admin], responses=problems(400, 401, 403))
def list_users(
    container: ContainerOf,
    size: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 25,
    cursor: Annotated[
        str | SkipJsonSchema[None],
        Query(description="`next_cursor` of the page before.", json_schema_extra=TOKEN),
    ] = None,
) -> UserPage:
    """Users in the order they registered. For administrators."""
    try:
        page = container.list_users()(size, cursor)
    except InvalidValue as error:
        raise BadRequest(error.field, error.reason) from error
    return UserPage.of(page)


@router.get(
    "/{user_id}",
    dependencies=[own_or_admin],
    response_model=UserView,
    responses={**answers(200, "ETag"), **answers(304, "ETag"), **problems(401, 403, 404)},
)
def get_user(
    user_id: UserId,
    container: ContainerOf,
    response: Response,
    if_none_match: IfNoneMatch = None,
) -> UserView | Response:
    """One user: oneself, or anyone for administrators."""
    user = container.get_user()(user_id)
    if is_known(if_none_match, user.version):
        return Response(
            status_code=status.HTTP_304_NOT_MODIFIED, headers={"ETag": etag(user.version)}
        )
    return _view(user, response)


@router.patch(
    "/{user_id}",
    dependencies=[own_or_admin],
    responses={**answers(200, "ETag"), **problems(400, 401, 403, 404, 409, 412, 422, 428)},
)
def update_user(
    user_id: UserId,
    version: ChangedVersion,
    body: UpdateBody,
    container: ContainerOf,
    response: Response,
) -> UserView:
    """Changes names, if the user is still at the version in `If-Match`."""
    return _view(
        container.update_user()(user_id, expected_version=version, **body.model_dump()), response
    )


@router.delete(
    "/{user_id}",
    dependencies=[own_or_admin],
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(400, 401, 403, 404, 409, 412),
)
def remove_user(user_id: UserId, version: RemovedVersion, container: ContainerOf) -> None:
    """Removes a user; with `If-Match`, only that version of it."""
    container.remove_user()(user_id, expected_version=version)


@router.post(
    "/{user_id}/email-verification",
    dependencies=[own_or_admin],
    status_code=status.HTTP_202_ACCEPTED,
    responses=problems(401, 403, 404, 429),
)
def request_email_verification(user_id: UserId, source: SourceOf, container: ContainerOf) -> None:
    """Sends the mail that lets the user prove the present address, once more."""
    container.request_email_verification()(user_id, source=source)


@router.post(
    "/email-verification",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(400, 403, 409, 422),
)
def verify_email(body: TokenBody, container: ContainerOf) -> None:
    """Takes the token from that mail. Open: the token is the proof."""
    with _token_from_a_mail():
        container.verify_email()(body.token)


@router.put(
    "/{user_id}/email",
    dependencies=[own_or_admin],
    status_code=status.HTTP_202_ACCEPTED,
    responses=problems(401, 403, 404, 409, 422, 429),
)
def request_email_change(
    user_id: UserId, body: ChangeEmailBody, source: SourceOf, container: ContainerOf
) -> None:
    """Asks for another address, which needs the user's present password.

    It takes effect when the token that is mailed there comes to `/users/email-verification`. The
    present address is told, and can undo it.
    """
    container.request_email_change()(user_id, **body.model_dump(), source=source)


@router.post(
    "/email-undo",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(400, 403, 409, 422, 429),
)
def undo_email_change(body: TokenBody, container: ContainerOf) -> None:
    """Takes the token that the old address got: it is the account's again, and gets a reset. Open.

    Before the new address has taken effect, it never will.
    """
    with _token_from_a_mail():
        container.undo_email_change()(body.token)


@router.put(
    "/{user_id}/password",
    dependencies=[own_or_admin],
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(401, 403, 404, 409, 422, 429),
)
def change_password(
    user_id: UserId, body: PasswordBody, source: SourceOf, container: ContainerOf
) -> None:
    """Changes the password, which needs the present one, and ends the session."""
    container.change_password()(user_id, **body.model_dump(), source=source)


@router.post("/password-reset", status_code=status.HTTP_202_ACCEPTED, responses=problems(422, 429))
def request_password_reset(body: EmailBody, source: SourceOf, container: ContainerOf) -> Accepted:
    """Sends a mail with which a new password can be chosen. Open; always answers the same.

    An address that was never proven gets the mail that proves it instead.
    """
    container.request_password_reset()(body.email, source=source)
    return Accepted()


@router.post(
    "/password-reset/completion",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(400, 403, 409, 422, 429),
)
def complete_password_reset(body: CompleteResetBody, container: ContainerOf) -> None:
    """Takes the token from that mail and the new password, and ends the session. Open."""
    with _token_from_a_mail():
        container.complete_password_reset()(**body.model_dump())


@router.post("/{user_id}/ban", dependencies=[admin], responses=_BAN)
def ban_user(user_id: UserId, container: ContainerOf, response: Response) -> UserView:
    """Locks a user out and ends the session. For administrators."""
    return _view(container.ban_user()(user_id), response)


@router.post("/{user_id}/unban", dependencies=[admin], responses=_BAN)
def unban_user(user_id: UserId, container: ContainerOf, response: Response) -> UserView:
    """Lets a user in again. For administrators."""
    return _view(container.unban_user()(user_id), response)


def _view(user: User, response: Response) -> UserView:
    response.headers["ETag"] = etag(user.version)
    return UserView.of(user)


@contextmanager
def _token_from_a_mail() -> Iterator[None]:
    # Not 401: the token is a value in the body, and no sign-in would make it better.
    try:
        yield
    except InvalidToken as error:
        raise BadRequest("token", error.reason) from error
