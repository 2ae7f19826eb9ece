"""What those who run projectors tell of their lag."""

from __future__ import annotations

from api.container import build_container
from infrastructure.settings.settings import Settings
from infrastructure.telemetry import names
from tests.telemetry import Told


def test_a_projector_that_has_read_all_has_none() -> None:
    told = Told()
    container = build_container(Settings(environment="test", tagged_events_safe_window_seconds=0))
    container.telemetry.override(told.telemetry)
    container.define_course()("algebra", title="Algebra", capacity=1)

    container.projection_runner().catch_up()

    lags = {p.attributes[names.PROJECTOR]: p.value for p in told.points(names.PROJECTION_LAG)}
    assert lags == {str(projector): 0.0 for projector in container.contexts().projectors}
