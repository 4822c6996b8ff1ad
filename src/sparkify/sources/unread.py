"""Files among the data that are not read: which of them people should hear of, and what to say.

All of them, whatever they are called, but for what other programs are known to put beside data.
"""

import os
import re
from dataclasses import dataclass
from itertools import islice

from sparkify.config.places import PATTERN_HINT, is_pattern
from sparkify.errors import SourceError
from sparkify.printing.terminal import shortened

JSONPATHS_NAME = "log_json_path.json"
"""What the JSONPaths file of the logs is called; it is never data."""

_NO_DATA = re.compile(
    r"_SUCCESS|_(committed|started)_.*|_(common_)?metadata|.*\.crc"  # Spark and Hadoop
    r"|_manifest\.json|" + re.escape(JSONPATHS_NAME) + "|"  # this project
    r"\.DS_Store|\._.*|\.localized|Icon\r|Thumbs\.db|ehthumbs\.db|desktop\.ini|\.directory"  # desktops
    r"|\.git(ignore|keep|attributes|modules)?|\.keep|\.hg|\.svn|\.nfs[0-9a-f]+"
    r"|(MD5|SHA\d+)SUMS|.*\.(md5|sha\d+)"
    # Folders, with all that is in them.
    r"|\.ipynb_checkpoints|__pycache__|__MACOSX|\.AppleDouble|\.Trash(es|-\d+)?|\.Spotlight-V100|\.fseventsd"
    r"|\.TemporaryItems|\.DocumentRevisions-V100|\.snapshot|\.zfs|\.idea|\.vscode",
    re.IGNORECASE,
)

_REMEDY = (
    "only *.json and *.json.gz files are read, and none whose name or folder begins with . or _;"
    " rename files that should be loaded"
)

_RENAME = (
    "rename objects that should be loaded: keys can't have empty segments, . or .., control characters, or a"
    " slash at the end"
)

_SHOWN = 200
"""Characters of a key that are shown: one may have 1,024 bytes."""


@dataclass
class Unread:
    """The files of one source that are not read.

    Attributes:
        count: how many.
        example: the first of them.
        is_least: whether there may be more than were counted.
        unnameable: how many more are data, but have keys on S3 that can't be requested.
        unnameable_example: the first of those.
        most_hidden: how many entries of hidden folders are looked at: what lies there may be without end.
    """

    count: int = 0
    example: str = ""
    is_least: bool = False
    unnameable: int = 0
    unnameable_example: str = ""
    most_hidden: int = 10_000
    _hidden: int = 0

    def add(self, uri: str) -> None:
        """Count a file."""
        self.count += 1
        # Names need not be UTF-8.
        name = uri.encode(errors="surrogateescape").decode(errors="backslashreplace")
        self.example = self.example or name

    def add_unnameable(self, uri: str) -> None:
        """Count an object that is data by its name, but can't be requested by it."""
        self.unnameable += 1
        self.unnameable_example = self.unnameable_example or shortened(uri, _SHOWN)

    def add_hidden(self, entry: "os.DirEntry[str]") -> None:
        """Count a local file, or those in a folder and below it, as far as that can be done quickly."""
        waiting = [entry]
        while waiting:
            entry = waiting.pop()
            self._hidden += 1
            if self._hidden > self.most_hidden:
                self.is_least = True
                return
            if is_no_data(entry.name):
                continue
            try:
                if not entry.is_dir(follow_symlinks=False):
                    self.add(entry.path)
                    continue
                with os.scandir(entry.path) as entries:
                    # No more than can be looked at: a folder may hold millions.
                    below = list(islice(entries, self.most_hidden - self._hidden + 1))
            except OSError:
                self.is_least = True
                self.add(entry.path)
            else:
                waiting += sorted(below, key=lambda entry: entry.name, reverse=True)

    def notes(self, source: str) -> list[str]:
        """What to say of them."""
        notes = [f"{source}: {self._text()}; {_REMEDY}"] if self.count else []
        return notes + ([f"{source}: {self._unnameable_text()}; {_RENAME}"] if self.unnameable else [])

    def _text(self) -> str:
        least = "at least " if self.is_least else ""
        files, more = ("file is", "") if self.count == 1 else ("files are", ", …")
        return f"{least}{self.count:,} {files} not read ({self.example}{more})"

    def _unnameable_text(self) -> str:
        objects, more = ("object is", "") if self.unnameable == 1 else ("objects are", ", …")
        return (
            f"{self.unnameable:,} {objects} left out because of keys that can't be requested"
            f" ({self.unnameable_example}{more})"
        )

    def no_data(self, location: str) -> SourceError:
        """What to say of a place with nothing but such files, or with nothing at all."""
        message = f"{location}: no *.json or *.json.gz file in this folder or below it"
        if self.unnameable:
            return SourceError(f"{message}; {self._unnameable_text()}", _RENAME)
        if self.count:
            return SourceError(f"{message}; {self._text()}", _REMEDY)
        return SourceError(message, PATTERN_HINT if is_pattern(location) else "check the path")


def is_no_data(name: str) -> bool:
    """Whether a file or folder of this name is known to be what other programs put beside data."""
    return _NO_DATA.fullmatch(name) is not None
