"""From settings to what counts attempts. The package is imported here: few processes count any."""

from __future__ import annotations

from api.composition.adapters import Adapters
from application.ports.clock import Clock
from application.ports.failure_limiter import FailureLimiter
from application.ports.mail_limiter import MailLimiter
from infrastructure.settings.settings import Settings


def make_failure_limiter(settings: Settings, adapters: Adapters, clock: Clock) -> FailureLimiter:
    """Counts passwords that are wrong."""
    from limits import parse  # noqa: PLC0415 see above

    from infrastructure.system.failure_limiter import (  # noqa: PLC0415 see above
        FailureLimits,
        WindowFailureLimiter,
    )

    limits = FailureLimits(
        per_account_and_source=parse(settings.failures_per_account_and_source),
        per_source=parse(settings.failures_per_source),
        per_account=parse(settings.failures_per_account),
    )
    return WindowFailureLimiter(adapters.failures, clock, limits)


def make_mail_limiter(settings: Settings, adapters: Adapters, clock: Clock) -> MailLimiter:
    """Counts mail that is asked for."""
    from limits import parse  # noqa: PLC0415 see above

    from infrastructure.system.mail_limiter import (  # noqa: PLC0415 see above
        MailLimits,
        WindowMailLimiter,
    )

    limits = MailLimits(
        per_address=parse(settings.mails_per_address), per_source=parse(settings.mails_per_source)
    )
    return WindowMailLimiter(adapters.failures, clock, limits)
