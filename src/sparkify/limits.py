"""How many bad records are too many: of a source they fail the run, of a file they are warned of."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sparkify.engines import Source
from sparkify.sources import LoadFile

_BAD_FILE_SHARE = 0.1
_FEW_REJECTS = 2
"""So many bad records may be in a file, however small it is, before a warning names it."""

_SHOWN_FILES = 3


@dataclass(frozen=True)
class FileCount:
    """What became of one file's records."""

    records: int
    loaded: int
    rejected: int


def excess(counts: Mapping[Source, Collection[FileCount]], max_reject_share: float) -> dict[Source, str]:
    """By source of which more records are bad than is allowed, how many of how many.

    Each source by itself: a thousand good songs don't make up for nine bad events.

    Args:
        counts: by source, those of the files that were loaded.
        max_reject_share: the share of a source's records that may be bad, 0 to 1.
    """
    found: dict[Source, str] = {}
    for source, files in counts.items():
        records = sum(count.records for count in files)
        rejected = sum(count.rejected for count in files)
        if rejected and rejected / records > max_reject_share:
            found[source] = f"{rejected:,} of {records:,} records of {source} are bad"
    return found


def bad_files(source: Source, files: Sequence[LoadFile], counts: Mapping[int, FileCount]) -> list[str]:
    """What to say of files of which a tenth or more is bad, even where the source's limit allows it.

    Args:
        source: the source they belong to.
        files: those that were loaded.
        counts: by file_id, what became of their records.
    """
    bad = [
        (count.rejected / count.records, count, file.source.uri)
        for file in files
        if (count := counts[file.file_id]).rejected > _FEW_REJECTS
        and count.rejected / count.records >= _BAD_FILE_SHARE
    ]
    if not bad:
        return []
    bad.sort(key=lambda item: (-item[0], item[2]))
    shown = [f"{uri} ({count.rejected:,} of {count.records:,})" for _, count, uri in bad[:_SHOWN_FILES]]
    named = ", ".join(shown) + (", …" if len(bad) > _SHOWN_FILES else "")
    what = "a file has" if len(bad) == 1 else f"{len(bad):,} files have"
    return [f"{source}: {what} a tenth or more of bad records: {named}"]
