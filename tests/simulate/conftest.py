"""Simulations that several tests look at."""

from collections.abc import Callable
from typing import Any

import pytest

from sparkify.simulate import SimulationOptions, simulate, sink_for
from tests.simulate.reading import Simulation


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Simulation]:
    """Simulate with the given settings."""

    def simulate_into_new_folder(**settings: Any) -> Simulation:
        folder = tmp_path_factory.mktemp("simulation")
        asked = SimulationOptions(**settings)
        simulate(asked, sink_for(str(folder)))
        return Simulation(folder, asked)

    return simulate_into_new_folder


@pytest.fixture(scope="session")
def clean(run: Callable[..., Simulation]) -> Simulation:
    """Ten days without warts."""
    return run(songs=500, users=400, days=10)


@pytest.fixture(scope="session")
def dirty(run: Callable[..., Simulation]) -> Simulation:
    """Ten days with a great many warts."""
    return run(songs=500, users=400, days=10, dirty=0.05)
