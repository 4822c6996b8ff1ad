"""Staging: the files of a run are loaded, every record is accounted for, and too many bad ones end it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import chain

from sparkify.config.settings import LoadOptions
from sparkify.errors import TooManyRejectsError, UnusableFilesError
from sparkify.load import bad_files, ledger, limits, retention
from sparkify.load.key_notes import notes_on_keys
from sparkify.load.key_sample import KeySample
from sparkify.load.limits import FileCount
from sparkify.load.progress import Progress
from sparkify.reading.keys import KeyMap
from sparkify.sources.objects import Source, SourcePlan
from sparkify.warehouse.contract import Advance, Loading, LoadJob, Session

_SHOWN_REJECTS = 5
_SHOWN_LINES = 20


@dataclass
class SourceSummary:
    """What a run did with one source."""

    files: int = 0
    known: int = 0
    records: int = 0
    loaded: int = 0
    rejected: int = 0


@dataclass
class Staging:
    """The staging of a run.

    Attributes:
        warehouse: where to.
        options: the limits.
        keys: by source, the keys of its records.
        plans: by source, the files to load.
        progress: told what is being done.
        warnings: of the run so far; those of the staging are added.
        notes: likewise.
        sources: by source, its files and their records.
        rejects: the first rejects, as (file, line, reason).
    """

    warehouse: Loading
    options: LoadOptions
    keys: Mapping[Source, KeyMap]
    plans: Mapping[Source, SourcePlan]
    progress: Progress
    warnings: list[str]
    notes: list[str]
    sources: dict[Source, SourceSummary] = field(default_factory=dict)
    rejects: list[tuple[str, int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._samples = {source: KeySample(keys) for source, keys in self.keys.items()}
        self._jobs = {source: self._job(source) for source in self.plans}

    def _job(self, source: Source) -> LoadJob:
        todo = self.plans[source]
        todo.store.grown.clear()
        return LoadJob(
            source,
            todo.store,
            todo.added,
            todo.removed,
            self.options,
            self.keys[source].paths,
            lambda verb: self._begin(source, verb),
            self._samples[source].look,
        )

    def _begin(self, source: Source, verb: str) -> Advance:
        if verb != "stage":
            return self.progress.step(f"{verb} {source}")
        todo = self.plans[source]
        return self.progress.step(f"stage {source}", files=len(todo.added), size=todo.size)

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """Do what needs no transaction; to be entered before it, and left after it.

        Raises:
            UnusableFilesError: some files can't be loaded.
            TooManyRejectsError: far more records are bad than the limits allow.
        """
        with ExitStack() as held:
            for source, job in self._jobs.items():
                if job.files:
                    with self._with_notes_on_keys(source):
                        held.enter_context(self.warehouse.prepared(job))
            yield

    def load(self) -> dict[int, FileCount]:
        """Load the files, and count the records of each.

        Raises:
            UnusableFilesError: of some files nothing can be loaded.
            TooManyRejectsError: more records are bad than the limits allow.
        """
        counts_of: dict[Source, dict[int, FileCount]] = {}
        for source, todo in self.plans.items():
            counts = counts_of[source] = self._load_source(source, todo)
            self._require_good_files(source, todo, counts)
            if source == "log_data":
                retention.require_recent(self.warehouse, todo.added)
            self.notes += [
                f"{uri}: is being written; read up to its last complete line" for uri in todo.store.grown
            ]
            self.notes += limits.empty_files(source, todo.added, counts)
            self.warnings += limits.bad_files(source, todo.added, counts)
            all_ = limits.total(counts.values())
            self.sources[source] = SourceSummary(
                len(todo.added), todo.known, all_.records, all_.loaded, all_.rejected
            )
        self._require_few_rejects(counts_of)
        return {file_id: count for counts in counts_of.values() for file_id, count in counts.items()}

    def _load_source(self, source: Source, todo: SourcePlan) -> dict[int, FileCount]:
        with self._with_notes_on_keys(source):
            staged = self.warehouse.stage(self._jobs[source])
        warnings, notes = notes_on_keys(self.warehouse, source, self.keys[source], self._samples[source])
        self.warnings += warnings
        self.notes += notes
        return ledger.reconcile(self.warehouse, source, todo.added, staged)

    @contextmanager
    def _with_notes_on_keys(self, source: Source) -> Iterator[None]:
        """Have an engine that gives up by itself say what keys the records have."""
        try:
            yield
        except TooManyRejectsError as error:
            about_keys = chain(*notes_on_keys(None, source, self.keys[source], self._samples[source]))
            raise TooManyRejectsError("\n  ".join([error.message, *about_keys]), error.hint) from None

    def _require_good_files(self, source: Source, todo: SourcePlan, counts: dict[int, FileCount]) -> None:
        limits.require_few(source, counts.values(), self.options.max_rejects)
        if self.options.max_reject_share >= 1:  # who lets all records be bad lets those of a file be so
            return
        bad = bad_files.without_good(
            self.warehouse, source, todo.store, todo.added, counts, self.keys[source].paths
        )
        if bad:
            raise UnusableFilesError(bad, {}, _first([*self.warnings, *self.notes]))

    def _require_few_rejects(self, counts_of: Mapping[Source, Mapping[int, FileCount]]) -> None:
        allowed = self.options.max_reject_share
        excess = limits.excess({source: counts.values() for source, counts in counts_of.items()}, allowed)
        counts = {file_id: count for of_source in counts_of.values() for file_id, count in of_source.items()}
        if any(count.rejected for count in counts.values()):
            self.rejects = _first_rejects(self.warehouse, min(counts), excess or counts_of)
        if excess:
            rejects = [f"{file}:{line}: {reason}" for file, line, reason in self.rejects]
            shown = "\n  ".join([*rejects, *_first([*self.warnings, *self.notes])])
            raise TooManyRejectsError(
                f"{' and '.join(excess.values())}, more than the {allowed * 100:.4g}% that"
                f" max_reject_share allows; nothing was changed\n  {shown}",
                "fix the files, or allow more with --max-reject-share",
            )


def _first(said: Sequence[str]) -> list[str]:
    """As many lines as an error should hold, and how many there are besides."""
    more = len(said) - _SHOWN_LINES
    return [*said[:_SHOWN_LINES], *([f"… and {more:,} more lines like these"] if more > 0 else [])]


def _first_rejects(
    warehouse: Session, first_id: int, sources: Collection[Source]
) -> list[tuple[str, int, str]]:
    """The first rejects of some sources, from files with this file_id and later ones."""
    names = ", ".join(f"'{source}'" for source in sources)
    rows = warehouse.query(
        f"SELECT file, line, reason FROM staging_rejects WHERE file_id >= ? AND source IN ({names})"
        f" ORDER BY file_id, line LIMIT {_SHOWN_REJECTS}",
        [first_id],
    )
    return [(file, line, reason) for file, line, reason in rows]
