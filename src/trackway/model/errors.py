"""Errors as types, each with the sentence that a person reads."""


class Refused(Exception):
    """The whole command is refused; nothing was changed.

    ``sentence`` is what the person reads, ``code`` a stable word for programs (CONTRACT.md: exit 2).
    """

    def __init__(self, sentence: str, code: str = "refused") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code


class Unreadable(Exception):
    """One source cannot be read (further). It costs that source only; ``reason`` is shown with its name."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
