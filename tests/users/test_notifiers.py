from structlog.testing import capture_logs

from domain.users.values import Email
from infrastructure.system.notifiers import LogNotifier, MemoryNotifier, SentMessage

ADA = Email("ada@example.com")


def test_the_log_shows_tokens() -> None:
    with capture_logs() as lines:
        LogNotifier().send_email_verification(ADA, "the-token")
        LogNotifier().send_password_reset(ADA, "another")
        LogNotifier().send_email_change_undo(ADA, "a third")
    assert [(line["event"], line["email"], line["token"]) for line in lines] == [
        ("email verification due", "ada@example.com", "the-token"),
        ("password reset due", "ada@example.com", "another"),
        ("email change can be undone", "ada@example.com", "a third"),
    ]


def test_memory_keeps_what_was_sent_and_does_not_show_the_token() -> None:
    notifier = MemoryNotifier()
    notifier.send_email_verification(ADA, "the-token")
    notifier.send_password_reset(ADA, "another")
    assert [
        SentMessage("email verification", ADA, "the-token"),
        SentMessage("password reset", ADA, "another"),
    ] == notifier.sent
    assert "the-token" not in repr(notifier.sent)
