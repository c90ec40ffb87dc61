"""What a page can say when it cannot answer: each a status and the sentences that a person reads."""


class Problem(Exception):
    """``title``: what is the matter; ``sentence``: why, and what can be done about it."""

    status = 500
    title = "Something went wrong"
    sentence = "The page could not be made. Nothing was changed. Try again; if it stays, give the reference to support."

    def __init__(self, sentence: str | None = None) -> None:
        super().__init__()
        if sentence is not None:
            self.sentence = sentence


class Missing(Problem):
    """Nothing stands at this address."""

    status = 404
    title = "Nothing stands here"
    sentence = "This case holds nothing at this address. It may have been derived anew since; go back to the queue."


class NotSignedIn(Problem):
    """No session."""

    status = 403
    title = "You are not signed in"
    sentence = "Open the sign-in address that `trackway serve` printed. It works once; start it again for a new one."


class Refusal(Problem):
    """The request is not one that our own pages make."""

    status = 403
    title = "This was refused"
    sentence = "The request did not come from a page of this workspace. Nothing was changed. Open the page again."


class WrongHost(Problem):
    """The address names another machine: a page elsewhere may try to reach this one through a name of its own."""

    status = 421
    title = "Wrong address"
    sentence = "This workspace answers on this machine only, at the address that `trackway serve` printed."


class Stale(Problem):
    """What a person did could not be done; what they wrote is not lost, because the browser goes back to it."""

    status = 409
    title = "This could not be done"


class TooLarge(Problem):
    """A form beyond every honest size."""

    status = 413
    title = "Too much text"
    sentence = "The form holds more than 64 KiB. Nothing was saved; shorten the text and send it again."
