"""What every test may ask for, and how Hypothesis runs."""

from hypothesis import settings

pytest_plugins = ["tests.engines", "tests.stores"]

# Without a deadline: how long an example takes says more about the machine than about the code.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
