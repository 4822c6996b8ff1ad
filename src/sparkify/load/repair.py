"""Repairs text that was UTF-8 once and has been decoded as Latin-1, once or several times."""


def repair(text: str) -> str:
    """The text as it was before the wrong decodings, trimmed; of white space alone nothing is left.

    It is encoded as Latin-1 and decoded as UTF-8 for as long as that works and changes something, so that
    clean text comes back as it is: ``Björk`` can't be decoded, ``BjÃ¶rk`` becomes ``Björk``.
    """
    while not text.isascii():
        try:
            decoded = text.encode("latin-1").decode("utf-8")
        except UnicodeError:
            break
        text = decoded
    return "" if text.isspace() else text.strip(" ")
