"""Accounts: registration, reads, changes, bans and removal, as the fault matrix calls them."""

from __future__ import annotations

from api.container import Container
from tests.faults.matrix.service import Service
from tests.users.use_cases.prepared import (
    NEW,
    NOBODY,
    SOURCE,
    after,
    nobody,
    register,
    signed_in,
    two_registered,
)
from tests.users.use_cases.rows import use_case


def three_registered(service: Service) -> str:
    register(service.container, NEW)
    return two_registered(service)


def both_pages(container: Container, _: str) -> object:
    first = container.list_users()(size=2)
    return first.items, container.list_users()(size=2, cursor=first.next_cursor).items


ACCOUNTS = (
    use_case("register_user", lambda c, _: register(c), nobody),
    use_case("register_user", lambda c, _: register(c), case="a taken address"),
    use_case(
        "register_user",
        lambda c, _: register(c, source=SOURCE),
        nobody,
        case="from a source",
    ),
    use_case("get_user", lambda c, id_: c.get_user()(id_)),
    use_case("get_user", lambda c, _: c.get_user()(NOBODY), case="nobody"),
    use_case("list_users", both_pages, three_registered),
    use_case(
        "update_user",
        lambda c, id_: c.update_user()(id_, expected_version=1, first_name="Augusta"),
        case="a name",
    ),
    use_case(
        "update_user",
        lambda c, id_: c.update_user()(id_, expected_version=7, first_name="Augusta"),
        case="another version",
    ),
    use_case("remove_user", lambda c, id_: c.remove_user()(id_)),
    use_case(
        "remove_user",
        lambda c, id_: c.remove_user()(id_, expected_version=2),
        after(signed_in),
        case="of a version",
    ),
    use_case("remove_user", lambda c, _: c.remove_user()(NOBODY), case="nobody"),
    use_case("ban_user", lambda c, id_: c.ban_user()(id_), after(signed_in)),
    use_case(
        "ban_user",
        lambda c, id_: c.ban_user()(id_),
        after(lambda c, id_: c.ban_user()(id_)),
        case="again",
    ),
    use_case(
        "unban_user",
        lambda c, id_: c.unban_user()(id_),
        after(lambda c, id_: c.ban_user()(id_)),
    ),
)
