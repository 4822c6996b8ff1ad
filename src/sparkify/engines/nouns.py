"""What the records of a source are, as the names of the tables say it."""

from sparkify.engines import Source

NOUNS: dict[Source, str] = {"song_data": "songs", "log_data": "events"}
