"""What all tests share: the real sample, and warehouses loaded from folders."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sparkify.config import Settings, load_settings
from sparkify.pipeline import Summary, run_etl
from sparkify.progress import Silence
from tests.support import Loaded

SAMPLE = Path(os.environ.get("SPARKIFY_SAMPLE_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


@pytest.fixture(scope="session")
def sample() -> Path:
    """The folder of the real sample: 30 days of logs and 71 songs."""
    if not (SAMPLE / "log_data").is_dir():
        pytest.skip(f"the real sample is not at {SAMPLE}; SPARKIFY_SAMPLE_DATA can name its folder")
    return SAMPLE


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings for a warehouse and source folders of the test's own."""
    return load_settings(
        environment={},
        database=str(tmp_path / "warehouse.duckdb"),
        song_data=str(tmp_path / "song_data"),
        log_data=str(tmp_path / "log_data"),
        max_reject_share=1,
    )


@pytest.fixture
def load(settings: Settings) -> Callable[..., Loaded]:
    """Runs the pipeline over the test's folders, and gives the tables it made."""

    def run(**options: Any) -> Loaded:
        summary: Summary = run_etl(settings, Silence(), **options)
        return Loaded(settings, summary)

    return run
