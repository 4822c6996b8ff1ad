"""What is to be said where there is nothing to answer with, so that no empty table goes without a word."""

from collections.abc import Mapping

from sparkify.answers.asked import Asked
from sparkify.answers.restricting import restricted
from sparkify.answers.spans import Span, span_of
from sparkify.warehouse.contract import Session


def why_empty(warehouse: Session, span: Span, given: Mapping[str, str] | None = None) -> str:
    """Why an answer has no rows: no plays at all, or none in the span; empty where it is neither.

    Args:
        warehouse: which was asked.
        span: what was asked about.
        given: what the question's blanks were filled in with.
    """
    if not span.has_plays:
        return f"{warehouse.location} holds no plays; load some with: sparkify etl"
    ((plays,),) = warehouse.query(restricted("SELECT COUNT(*) FROM songplays", span))
    if plays and not given:
        return ""
    whole = span_of(warehouse, Asked(zone=span.asked.zone)).text
    if not plays:
        return f"no plays: {span.text}; the warehouse has plays of {whole}"
    what = ", ".join(f"{name}={value}" for name, value in (given or {}).items())
    if span.asked.is_all:
        return f"no rows for {what}; the warehouse has plays of {whole}"
    return f"no rows for {what}; plays of {span.text} were asked for"
