"""Several people at once, while an autoencoder trains: a small one of tests/bench/crowd.py."""

import os

import pytest

from tests.bench import crowd


def test_a_crowd_is_served_while_an_autoencoder_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    """The health endpoint always answers, and sessions that were closed leave no more than 15% of memory."""
    monkeypatch.setenv(
        "IMPRINT_HOME", os.environ.get("IMPRINT_HOME", "")
    )  # what the benchmark sets goes again
    found = crowd.measure(sessions=5, seconds=5, visits=25, pause=1.0)
    print(found)
    assert len(found.reruns) >= 5
    assert found.health
    assert found.refused == 0
    assert found.after < 1.15 * found.before
