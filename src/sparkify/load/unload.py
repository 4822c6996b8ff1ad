"""Taking the rows of files out of the warehouse, as if these files had never come."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sparkify.errors import WarehouseError
from sparkify.load import history, ledger, retention
from sparkify.load.agreement import in_one_transaction, require_as_agreed
from sparkify.load.file_names import meant_by
from sparkify.load.horizon import Horizon
from sparkify.load.progress import Progress
from sparkify.load.staging import SourceSummary
from sparkify.load.summary import Summary
from sparkify.load.updating import update_star
from sparkify.printing.wording import plural
from sparkify.sources.objects import NOUNS, LoadedFile, Source, first_few
from sparkify.sql import STAR_TABLES
from sparkify.warehouse.contract import Schema, Session, Warehouse
from sparkify.warehouse.tables import count_rows


@dataclass(frozen=True)
class Chosen:
    """Loaded files that are to be taken out.

    Attributes:
        location: the warehouse.
        files: by source, and by URI in its order.
    """

    location: str
    files: dict[Source, dict[str, LoadedFile]] = field(default_factory=dict)

    def described(self) -> str:
        """How many they are, which, and how many records they hold."""
        uris = [uri for files in self.files.values() for uri in files]
        records = sum(file.records for files in self.files.values() for file in files.values())
        return f"{plural(len(uris), 'file')} with {plural(records, 'record')} ({first_few(uris)})"


def choose(warehouse: Schema, names: Sequence[str]) -> Chosen:
    """The loaded files that are meant by some names.

    Raises:
        UsageError: a name means no loaded file.
        WarehouseError: there are no tables, events of the files have been pruned, or which rows are of a
            file is not known.
    """
    if not warehouse.has_tables():
        raise WarehouseError(f"{warehouse.location}: nothing is loaded", "load files with: sparkify etl")
    loaded = ledger.loaded_files(warehouse.query)
    hint = 'list the loaded files with: sparkify query "SELECT uri FROM ledger"'
    uris = meant_by(names, {uri for _, uri in loaded}, "loaded file", hint)
    chosen = Chosen(warehouse.location)
    for source in NOUNS:
        own = {uri: file for (owner, uri), file in sorted(loaded.items()) if owner == source and uri in uris}
        chosen.files.update({source: own} if own else {})
    logs = chosen.files.get("log_data", {})
    retention.require_removable(warehouse, {file.file_id: uri for uri, file in logs.items()})
    for source, files in chosen.files.items():
        _require_attributed(warehouse, source, files)
    return chosen


def unload(warehouse: Warehouse, names: Sequence[str], progress: Progress, agreed: Chosen | None) -> Summary:
    """Take the rows of files out, and bring the star schema up to date with what is left.

    All of it happens in one transaction: whatever fails, the warehouse stays as it was.

    Args:
        warehouse: where.
        names: of the files.
        progress: told what is being done.
        agreed: what people have agreed to; None if they need not be asked.

    Raises:
        SparkifyError: a name means no loaded file, or others than agreed to; which rows are of a file is not
            known; an audit fails, or the warehouse can't be written.
    """
    with in_one_transaction(warehouse, progress) as started:
        chosen = choose(warehouse, names)
        require_as_agreed(chosen.location, agreed, chosen)
        summary = Summary(history.next_run_id(warehouse), "unloaded", started)
        progress.begin_run(summary.run_id)
        before = count_rows(warehouse.query, STAR_TABLES)
        horizon = Horizon(warehouse, started)
        progress.step("unload")
        ids: list[int] = []
        for source in NOUNS:
            files = list(chosen.files.get(source, {}).values())
            ids += [file.file_id for file in files]
            warehouse.unstage(source, [file.file_id for file in files])
            records, loaded = sum(file.records for file in files), sum(file.loaded for file in files)
            summary.sources[source] = SourceSummary(len(files), 0, records, loaded, records - loaded)
        summary.account, summary.audits = update_star(
            warehouse, horizon, summary.run_id, 0, progress, is_full=False
        )
        ledger.forget(warehouse, ids)
        summary.count_tables(warehouse, before)
        summary.notes.append(f"unloaded {chosen.described()}")
        summary.notes.append(
            "the next etl loads again what is still at the source: remove or fix it there before"
        )
        summary.record(warehouse, files=len(ids))
        return summary


def _require_attributed(warehouse: Session, source: Source, files: dict[str, LoadedFile]) -> None:
    """Make sure that the rows of files are known to be theirs."""
    if ledger.has_unattributed_rows(warehouse, source, [file.file_id for file in files.values()]):
        bad = [
            uri
            for uri, file in files.items()
            if ledger.has_unattributed_rows(warehouse, source, [file.file_id])
        ]
        raise WarehouseError(
            f"{warehouse.location}: COPY has loaded {first_few(bad)} from where it is, and nothing tells its"
            " rows from those of others; nothing was changed",
            "remove the file from the source, and load the others again: sparkify etl --full --drop-missing",
        )
