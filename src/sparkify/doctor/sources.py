"""Whether the source files can be listed and read."""

from sparkify.config.settings import Settings
from sparkify.doctor.findings import Findings
from sparkify.printing.wording import plural, size_text
from sparkify.reading.keys import event_keys
from sparkify.sources.objects import Source, SourceObject
from sparkify.sources.opening import open_source
from sparkify.sources.unfinished import require_finished

Listed = dict[Source, list[SourceObject]]

_BEGINNING_BYTES = 4096


def examine_sources(settings: Settings, findings: Findings) -> Listed:
    """Look at both sources, and at the JSONPaths file of the logs.

    Returns:
        By source, its files, if they can be listed.
    """
    loading, listed, looked_at = settings.loading, Listed(), set[str]()
    places: dict[Source, str] = {"song_data": loading.song_data, "log_data": loading.log_data}
    for source, place in places.items():
        with findings.check(source):
            store = open_source(place, settings.aws, follow_links=loading.follow_links)
            files = store.list_objects()
            require_finished(place, settings.aws, looked_at)
            store.beginning(files[0], _BEGINNING_BYTES)
            listed[source] = files
            size = size_text(sum(file.size for file in files))
            findings.ok(source, f"{place}: {plural(len(files), 'file')}, {size}; the first one can be read")
    with findings.check("log_jsonpath"):
        keys = event_keys(loading, settings.aws)
        if keys.warning:
            findings.warn("log_jsonpath", keys.warning)
        else:
            findings.ok("log_jsonpath", keys.origin or "none; the usual keys count")
    return listed
