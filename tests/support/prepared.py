"""A warehouse that several tests begin with: loaded once, and for each test as it was then."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sparkify.config.settings import Settings
from sparkify.load.progress import NullProgress
from tests.support.engines import Engine
from tests.support.runs import run_etl


@dataclass
class Prepared:
    """Source folders, and a warehouse loaded from them.

    Attributes:
        engine: what the warehouse is of.
        scratch: a folder of its own.
        fill: writes the source files into a folder.
        options: settings of the warehouse.
    """

    engine: Engine
    scratch: Path
    fill: Callable[[Path], None]
    options: dict[str, Any] = field(default_factory=dict)
    _settings: Settings | None = None

    @property
    def folder(self) -> Path:
        """Holds ``song_data`` and ``log_data``."""
        return self.scratch / "folder"

    def anew(self) -> Settings:
        """Undo what was done to the folders and to the warehouse, and say where that is."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._settings is None:
            self.folder.mkdir()
            self.fill(self.folder)
            settings = self.engine.settings(self.folder, **self.options)
            self.engine.publish(self.folder)
            run_etl(settings, NullProgress())
            if self.engine.name == "redshift":  # its one database is for all tests, and no file to copy
                return settings
            shutil.copytree(self.folder, self.scratch / "folder-kept")
            shutil.copy2(settings.database, self.scratch / "database-kept")
            self._settings = settings
        else:
            shutil.copytree(self.scratch / "folder-kept", self.folder)
            shutil.copy2(self.scratch / "database-kept", self._settings.database)
            Path(f"{self._settings.database}.wal").unlink(missing_ok=True)
        return self._settings
