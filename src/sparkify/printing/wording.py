"""How counts and sizes are written in messages."""


def plural(count: int, noun: str) -> str:
    """So many of something: ``1 file``, ``2,000 files``."""
    return counted(count, noun, f"{noun}s")


def counted(count: int, one: str, many: str) -> str:
    """So many of something, with what follows: ``1 file is``, ``2,000 files are``."""
    return f"{count:,} {one if count == 1 else many}"


def size_text(size: int) -> str:
    """A size in bytes, KB, MB or GB of a thousand each: ``71.3 KB``."""
    for unit, limit in (("GB", 1e9), ("MB", 1e6), ("KB", 1e3)):
        if size >= limit:
            return f"{size / limit:,.1f} {unit}"
    return plural(size, "byte")
