"""Users in memory need neither the SDK of AWS nor PynamoDB."""

from __future__ import annotations

from tests.architecture.test_memory_alone import alone

SCRIPT = """
container = start(Settings(destinations={"users": "memory:"}))
create_app(container)
user = container.register_user()(
    first_name="Ada", last_name="Byron", email="ada@example.com", password="correct horse battery"
)
container.polling_relay().run_once()
print(container.get_user()(user.id).version, len(container.memory_publisher().published))
"""


def test_users_register_where_these_cannot_be_imported() -> None:
    assert alone(SCRIPT) == "1 1\n"
