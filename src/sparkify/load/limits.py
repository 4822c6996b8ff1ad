"""How many bad records are too many: of a source they fail the run, of a file they are warned of."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from sparkify.errors import TooManyRejectsError
from sparkify.printing.wording import counted
from sparkify.sources.objects import LoadFile, Source, first_few

_BAD_FILE_SHARE = 0.1
_FEW_REJECTS = 2
"""So many bad records may be in a file, however small it is, before a warning names it."""

_FEW_BYTES = 2**16
"""So many bytes of damage, likewise."""


class FileCount(NamedTuple):
    """What became of the records of a file, or of several.

    Attributes:
        records: how many there are.
        loaded: how many are in the staging table.
        rejected: how many are in staging_rejects.
        size: how many bytes of text there are; 0 where nobody counted.
        damaged: how many of these bytes are no JSON, or bad records too large to be one.
    """

    records: int = 0
    loaded: int = 0
    rejected: int = 0
    size: int = 0
    damaged: int = 0

    @property
    def bad_share(self) -> float:
        """How much is bad: of the records or, damage being cut as it comes, of the bytes."""
        if not self.rejected:
            return 0.0
        return max(self.rejected / self.records, self.damaged / max(1, self.size))

    @property
    def bad_bytes(self) -> str:
        """How many of the bytes are bad, to be said after the records; empty if the records say more."""
        if self.damaged * self.records <= self.rejected * self.size:
            return ""
        return f", {self.damaged:,} of its {self.size:,} bytes"


def total(counts: Collection[FileCount]) -> FileCount:
    """The counts of several files, added up."""
    return FileCount(*map(sum, zip(*counts, strict=True)))


def excess(counts: Mapping[Source, Collection[FileCount]], max_reject_share: float) -> dict[Source, str]:
    """By source of which more records are bad than is allowed, how many of how many.

    Each source by itself: a thousand good songs don't make up for nine bad events.

    Args:
        counts: by source, those of the files that were loaded.
        max_reject_share: the share of a source's records that may be bad, 0 to 1.
    """
    found: dict[Source, str] = {}
    for source, files in counts.items():
        all_ = total(files)
        if all_.bad_share > max_reject_share:
            bytes_too = f"{all_.bad_bytes}," * bool(all_.bad_bytes)
            found[source] = f"{all_.rejected:,} of {all_.records:,} records of {source}{bytes_too} are bad"
    return found


def require_few(source: Source, counts: Collection[FileCount], max_rejects: int) -> None:
    """Make sure that no more records of a source are bad than may be whatever their share.

    Raises:
        TooManyRejectsError: more are.
    """
    rejected = total(counts).rejected
    if rejected > max_rejects:
        raise TooManyRejectsError(
            f"{rejected:,} records of {source} are bad, more than the {max_rejects:,} that"
            " max_rejects allows; nothing was changed",
            TooManyRejectsError.BEYOND_MAX_REJECTS,
        )


def bad_files(source: Source, files: Sequence[LoadFile], counts: Mapping[int, FileCount]) -> list[str]:
    """What to say of files of which a tenth or more is bad, even where the source's limit allows it.

    Args:
        source: the source they belong to.
        files: those that were loaded.
        counts: by file_id, what became of their records.
    """
    bad = [
        (count.bad_share, count, file.source.uri)
        for file in files
        if (count := counts[file.file_id]).bad_share >= _BAD_FILE_SHARE
        and (count.rejected > _FEW_REJECTS or count.damaged > _FEW_BYTES)
    ]
    if not bad:
        return []
    bad.sort(key=lambda item: (-item[0], item[2]))
    named = first_few(
        [f"{uri} ({count.rejected:,} of {count.records:,}{count.bad_bytes})" for _, count, uri in bad]
    )
    what = "a file has" if len(bad) == 1 else f"{len(bad):,} files have"
    return [f"{source}: {what} a tenth or more of bad records: {named}"]


def empty_files(source: Source, files: Sequence[LoadFile], counts: Mapping[int, FileCount]) -> list[str]:
    """What to say of files that hold no record: an upload that failed looks like one that had nothing to say.

    Args:
        source: the source they belong to.
        files: those that were loaded.
        counts: by file_id, what became of their records.
    """
    empty = [file.source.uri for file in files if not counts[file.file_id].records]
    if not empty:
        return []
    what = counted(len(empty), "file holds", "files hold")
    return [f"{source}: {what} no records: {first_few(empty)}"]
