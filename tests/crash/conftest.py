"""What every crash test begins with."""

import os
import random

import pytest


@pytest.fixture
def seed() -> str:
    """Of the run's choices: LATCHKEY_CRASH_SEED repeats them (the moments are the machine's)."""
    chosen = os.environ.get("LATCHKEY_CRASH_SEED", str(random.randrange(10**9)))
    print(f"LATCHKEY_CRASH_SEED={chosen}")
    return chosen
