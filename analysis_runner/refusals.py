"""A refusal is not a failure: a sentence that says what is wrong, and a cure."""

from __future__ import annotations


class Refusal(Exception):  # noqa: N818 - a refusal is not an error
    """A request that cannot be met as it stands.

    Parameters
    ----------
    status : int
        HTTP status for the page or the API, between 400 and 499 (503 when the server itself is not ready).
    code : str
        Machine-readable reason in snake case; stable.
    sentence, cure : str
        What is wrong, with the value seen; what to do about it.
    retry_after : int or None
        Seconds after which the same request may work.
    """

    def __init__(
        self, status: int, code: str, sentence: str, cure: str = "", *, retry_after: int | None = None
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code
        self.sentence = sentence
        self.cure = cure
        self.retry_after = retry_after
