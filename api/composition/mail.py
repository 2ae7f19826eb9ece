"""From settings to what sends mail."""

from __future__ import annotations

from application.ports.clock import Clock
from application.ports.ids import IdFactory
from application.ports.notifier import Notifier
from infrastructure.settings.checks import invalid
from infrastructure.settings.mail import MailServer
from infrastructure.settings.settings import Settings
from infrastructure.system.notifiers import LogNotifier, MailNotifier


def make_notifier(settings: Settings, clock: Clock, ids: IdFactory) -> Notifier:
    """Sends mail where a server is named, and writes to the log elsewhere.

    Raises `SettingsError` where mail has no sender, and in staging and production without a server.
    """
    if not settings.mail_server:
        if settings.is_deployed:
            reason = f"{settings.environment} sends mail: name a server, smtp://user:password@host"
            raise invalid("mail_server", reason)
        return LogNotifier()
    if settings.mail_sender is None:
        raise invalid("mail_sender", "is needed where there is a mail_server")
    return _by_mail(settings, settings.mail_sender, clock, ids)


def _by_mail(settings: Settings, sender: str, clock: Clock, ids: IdFactory) -> MailNotifier:
    # Imported where they are used: most commands send no mail.
    from ssl import create_default_context  # noqa: PLC0415 see above

    from infrastructure.system.mail import MailQueue, SmtpSender  # noqa: PLC0415 see above

    server = MailServer.parse(settings.mail_server)
    return MailNotifier(
        hand_over=MailQueue(SmtpSender(server, create_default_context())).put,
        sender=sender,
        clock=clock,
        ids=ids,
        verification_page=settings.mail_verification_page,
        undo_page=settings.mail_undo_page,
        reset_page=settings.mail_reset_page,
    )
