"""Text that UTF-8 can write: lone surrogates, which JSON may smuggle in, are the one kind of string that it cannot."""


def lone_surrogate(text: str) -> int | None:
    """Where the first lone surrogate of `text` stands, or None where there is none."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return error.start
    return None
