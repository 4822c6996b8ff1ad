"""What is to be said of a span of time: which days it is, and how many of them the plays cover."""

from datetime import date

from sparkify.answers.spans import Span


def about(span: Span, *, is_compared: bool) -> str:
    """The days asked about, and those beside them."""
    return f"{span.text}, beside {span.before().text}" if is_compared else span.text


def notes_on(span: Span, *, is_compared: bool) -> list[str]:
    """Which days were counted out, and how many of them the plays cover.

    Whoever named both days knows them, and nothing is said; a comparison always says what it is with.

    Args:
        span: what was asked about.
        is_compared: whether the answers stand beside those about the span before.
    """
    if not span.days or not (is_compared or span.asked.last):
        return []
    notes = [about(span, is_compared=is_compared)]
    spans = (span, span.before()) if is_compared else (span,)
    notes += filter(None, (_uncovered(each, span.days) for each in spans))
    if is_compared and len(notes) > 1:
        notes[-1] += "; so the changes don't compare like with like"
    return notes


def _uncovered(span: Span, days: tuple[date, date]) -> str:
    """That the plays cover a span partly, or not at all; empty where they cover it."""
    first, last = days
    wanted = (span.last - span.first).days + 1
    covered = max((min(span.last, last) - max(span.first, first)).days + 1, 0)
    if covered >= wanted:
        return ""
    why = [f"begin on {first}"] * (span.first < first) + [f"end on {last}"] * (span.last > last)
    part = f"only {covered} of the {wanted} days" if covered else "none of the days"
    return f"{span.text}: the plays {' and '.join(why)}, and cover {part}"


def flags_of(span: Span) -> str:
    """What the command line needs to ask about the same days again, whatever is loaded until then."""
    asked = span.asked
    days = f" --since {span.first} --until {span.last}" if asked.since or asked.until or asked.last else ""
    if span.first > span.last:  # there are no plays where one end was asked for
        days = f" --since {asked.since}" if asked.since else f" --until {asked.until}"
    return days + (f" --time-zone {asked.zone.key}" if asked.zone else "")
