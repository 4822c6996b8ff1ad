"""What is known of a copy that was published for readers."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sparkify.printing.wording import plural


@dataclass(frozen=True)
class PublishedCopy:
    """What a copy says of itself.

    Attributes:
        warehouse: of what it is a copy, as an absolute path without links.
        path: where it was published, likewise.
        run_id: the last run in it; None if there was none.
        published_at: when it was made, UTC.
        state: of the warehouse then.
    """

    warehouse: str
    path: str
    run_id: int | None
    published_at: datetime
    state: str

    def described(self) -> str:
        """Of when it is, and how old."""
        run = "before any run" if self.run_id is None else f"after run {self.run_id}"
        age = datetime.now(UTC).replace(tzinfo=None) - self.published_at
        minutes = max(0, age // timedelta(minutes=1))
        since = plural(minutes, "minute") if minutes < 120 else f"{minutes // 60:,} hours"
        return f"published {run}, {since} ago ({self.published_at:%Y-%m-%d %H:%M:%S} UTC)"
