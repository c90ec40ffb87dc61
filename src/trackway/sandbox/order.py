"""The order in which an honest worker's frames come. Everything else is a protocol fault."""

from trackway.sandbox.protocol import (
    Claimed,
    Done,
    Frame,
    Incomplete,
    Job,
    Measured,
    MemberBegin,
    MemberBytes,
    MemberEnd,
    NotUnderstood,
    Probed,
    Ready,
    Traces,
    Unclaimed,
)


class Disorder(Exception):
    """The worker sent what no honest worker sends."""


class Sequence:
    """Follows one job. ``take`` raises ``Disorder`` for a frame that cannot come now."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._claims: list[str] = []
        self._records = 0
        self._in_member = False

    def take(self, frame: Frame) -> None:
        if not self._fits(frame):
            raise Disorder(f"{type(frame).__name__} out of order")

    def _fits(self, frame: Frame) -> bool:
        match frame:
            case Ready():
                return False
            case Probed():
                return self._job.kind == "probe"
            case Claimed(kind=kind):
                fits = (
                    not self._in_member and self._claims in ([], ["reader"]) and [*self._claims, kind] != ["reader"] * 2
                )
                self._claims.append(kind)
                return fits
            case Traces(first=first, traces=traces):
                fits = first == self._records and self._claims == ["reader"] and len(traces) > 0
                self._records += len(traces)
                return fits
            case Measured():
                return self._claims == ["reader"] or self._job.kind == "acquire"
            case MemberBegin(readable=readable):
                fits = not self._in_member and self._claims[-1:] == ["container"]
                self._in_member = readable
                return fits
            case MemberBytes():
                return self._in_member
            case MemberEnd():
                fits, self._in_member = self._in_member, False
                return fits
            case Unclaimed():
                return not self._claims
            case Done(records=records):
                claimed = bool(self._claims) or self._job.kind != "read"
                return claimed and records == self._records and not self._in_member
            case NotUnderstood() | Incomplete():
                return self._job.kind != "probe"
        return True  # failing, asking and making progress are possible at any time
