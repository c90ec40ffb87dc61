"""`trackway`: the commands of DESIGN section 8. Each takes ``--json`` and then prints one JSON document.

Exit codes: 0 done; 1 done, but a reader claimed a file and could not read all of it; 2 refused with a sentence. No
traceback reaches a user. Heavy parts are imported inside the commands: ``--help`` answers at once.
"""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from trackway import __version__
from trackway.cli import output
from trackway.model.errors import Refused

app = typer.Typer(
    name="trackway",
    help="Case intelligence on lawfully acquired evidence. The program informs; people decide.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Case = Annotated[str, typer.Argument(metavar="CASE", help="A case folder, or postgresql://...?case=NAME.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else (docs: the contract).")]
As = Annotated[
    str | None, typer.Option("--as", metavar="NAME", help="Who acts. Default: TRACKWAY_OFFICER, else the log-in name.")
]
Now = Annotated[str | None, typer.Option("--now", metavar="TIME", help="The moment that clocks are reckoned from.")]
Reveal = Annotated[
    bool, typer.Option("--reveal", help="Show names of series and data of victims; this is written into the ledger.")
]
AsOf = Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="What was judged up to that moment.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why. It is kept in the ledger.")]


def _version(value: bool) -> None:
    if value:
        print(f"trackway {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    pass


@app.command()
def init(case: Case, json: Json = False) -> None:
    """Create an empty case: a folder, or a name in a PostgreSQL database."""
    from trackway.store.case import create_case

    store = create_case(case)
    output.say(json, {"case": store.name}, f"Made the case {store.name}.")


@app.command()
def add(
    case: Case,
    exhibits: Annotated[list[str], typer.Argument(metavar="EXHIBIT...", help="Folders, images, archives, exports.")],
    basis: Annotated[str, typer.Option("--basis", metavar="TEXT", help="The legal basis on which they are read.")],
    authority: Annotated[str, typer.Option(metavar="TEXT", help="Who authorised the reading.")] = "",
    decision: Annotated[str, typer.Option(metavar="NUMBER", help="Number of the authorising decision.")] = "",
    seizure: Annotated[str, typer.Option(metavar="NUMBER", help="Seizure number of the exhibits.")] = "",
    ends: Annotated[str, typer.Option(metavar="DATE", help="When the authorisation ends.")] = "",
    scope_from: Annotated[str | None, typer.Option(metavar="DATE", help="Scope: records from this day on.")] = None,
    scope_until: Annotated[str | None, typer.Option(metavar="DATE", help="Scope: records up to this day.")] = None,
    scope_undated: Annotated[bool, typer.Option(help="Scope: undated records lie inside the period.")] = False,
    scope_person: Annotated[
        list[str] | None, typer.Option(metavar="WHO", help="Scope: records of this account, name or address only.")
    ] = None,
    scope_kind: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND", help="Scope: this kind of record only (message, mail, media...)."),
    ] = None,
    privileged: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Contacts (one a line) whose records are quarantined unread.")
    ] = None,
    zone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="Zone of times without one, such as Europe/Amsterdam.")
    ] = None,
    acquired: Annotated[str | None, typer.Option(metavar="DATE", help="When the exhibits were acquired.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Read again what was read: after a new version.")] = False,
    officer: As = None,
    now: Now = None,
    json: Json = False,
) -> None:
    """Read exhibits into traces, under their law, and derive the findings. Resumable: run it again."""
    from trackway.cli import intake

    law = intake.law_of(
        basis, authority, decision, seizure, ends, scope_from, scope_until, scope_undated, scope_person, scope_kind
    )
    _set_now(now)
    raise typer.Exit(intake.add(case, exhibits, law, zone, acquired, privileged, again, _officer(officer), json))


@app.command()
def known(
    case: Case,
    lists: Annotated[
        list[Path] | None, typer.Argument(metavar="LIST...", help="VICS, ICSE CSV, hashes, NCMEC XML.")
    ] = None,
    reveal: Reveal = False,
    officer: As = None,
    now: Now = None,
    json: Json = False,
) -> None:
    """Load known lists; without LIST, show them and where they contradict each other."""
    from trackway.cli import intake

    _set_now(now)
    raise typer.Exit(intake.known(case, lists or [], _officer(officer), reveal, json))


@app.command()
def terms(
    case: Case,
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Columns: term,sign,language,note.")],
    officer: As = None,
    now: Now = None,
    json: Json = False,
) -> None:
    """Load a team's danger terms."""
    from trackway.cli import intake

    _set_now(now)
    raise typer.Exit(intake.terms(case, file, _officer(officer), json))


@app.command()
def analyse(
    case: Case,
    scratch: Annotated[bool, typer.Option(help="Drop all findings first and derive every one again.")] = True,
    now: Now = None,
    json: Json = False,
) -> None:
    """Derive the findings again."""
    from trackway.cli import intake

    _set_now(now)
    raise typer.Exit(intake.analyse(case, scratch, json))


@app.command()
def queue(case: Case, reveal: Reveal = False, officer: As = None, now: Now = None, json: Json = False) -> None:
    """What needs a person first, with reasons. A child in danger now stands above everything."""
    from trackway.cli import look

    _set_now(now)
    look.queue(case, _officer(officer), reveal, json)


@app.command()
def media(case: Case, reveal: Reveal = False, officer: As = None, now: Now = None, json: Json = False) -> None:
    """The media of the case: known, near, unlisted, new; sightings; as text."""
    from trackway.cli import look

    _set_now(now)
    look.media(case, _officer(officer), reveal, json)


@app.command()
def personas(
    case: Case,
    as_of: AsOf = None,
    reveal: Reveal = False,
    officer: As = None,
    now: Now = None,
    json: Json = False,
) -> None:
    """The pseudonyms of the case, their names, identifiers and claims."""
    from trackway.cli import look

    _set_now(now)
    look.personas(case, _officer(officer), reveal, as_of, json)


@app.command()
def network(case: Case, reveal: Reveal = False, officer: As = None, now: Now = None, json: Json = False) -> None:
    """Who is linked to whom, who is prominent among those seen, and what was not seized."""
    from trackway.cli import look

    _set_now(now)
    look.network(case, _officer(officer), reveal, json)


@app.command()
def show(
    case: Case,
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of traces, media, personas, items, claims.")],
    as_of: AsOf = None,
    reveal: Reveal = False,
    officer: As = None,
    now: Now = None,
    json: Json = False,
) -> None:
    """Open things by their ids: a trace with its record, a file, a persona, a claim, a report."""
    from trackway.cli import look

    _set_now(now)
    look.show(case, ids, _officer(officer), reveal, as_of, json)


@app.command()
def claim(
    case: Case,
    persona: Annotated[str, typer.Argument(metavar="PERSONA", help="Id of a persona.")],
    other: Annotated[str, typer.Argument(metavar="OTHER", help="Id of another persona, or person:NAME.")],
    reason: Reason,
    level: Annotated[str, typer.Option(help="device, account or person (a named person: always person).")] = "",
    officer: As = None,
    now: Now = None,
    json: Json = False,
) -> None:
    """State that two personas are one, or that a persona is a person; nothing is merged."""
    from trackway.cli import decide

    _set_now(now)
    decide.claim(case, persona, other, level, reason, _officer(officer), json)


@app.command()
def judge(
    case: Case,
    claim_id: Annotated[str, typer.Argument(metavar="CLAIM", help="Id of a claim.")],
    judgement: Annotated[str, typer.Argument(help="accepted, rejected, unsure, or undo for the judgement before.")],
    reason: Reason,
    officer: As = None,
    now: Now = None,
    json: Json = False,
) -> None:
    """Judge a claim. The ledger keeps the finding that it answered; undoing restores the earlier view."""
    from trackway.cli import decide

    _set_now(now)
    decide.judge(case, claim_id, judgement, reason, _officer(officer), json)


@app.command()
def category(
    case: Case,
    subject: Annotated[str, typer.Argument(metavar="KIND:ID", help="media:SHA-256 or persona:ID.")],
    word: Annotated[str, typer.Argument(metavar="CATEGORY", help="A category of your scheme; a persona: victim, ...")],
    reason: Reason,
    officer: As = None,
    now: Now = None,
    json: Json = False,
) -> None:
    """Say what a file is, or who a persona is (suspect, victim, witness): a word of yours, kept with its reason."""
    from trackway.cli import decide

    _set_now(now)
    decide.category(case, subject, word, reason, _officer(officer), json)


@app.command()
def ack(
    case: Case,
    subject: Annotated[str, typer.Argument(metavar="KIND:ID", help="A row of the queue, such as report:1234.")],
    action: Annotated[str, typer.Option("--action", metavar="TEXT", help='What was done: "handed to the unit in X".')],
    officer: As = None,
    now: Now = None,
    json: Json = False,
) -> None:
    """Acknowledge a row of the queue by name, with the action taken. A new sign reopens it."""
    from trackway.cli import decide

    _set_now(now)
    decide.acknowledge(case, subject, action, _officer(officer), json)


@app.command()
def note(
    case: Case,
    subject: Annotated[str, typer.Argument(metavar="KIND:ID", help="What the note is about.")],
    text: Annotated[str, typer.Argument(metavar="TEXT")],
    officer: As = None,
    now: Now = None,
    json: Json = False,
) -> None:
    """Write a note into the ledger."""
    from trackway.cli import decide

    _set_now(now)
    decide.note(case, subject, text, _officer(officer), json)


@app.command()
def verify(
    case: Case,
    checkpoint: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A ledger head printed earlier (this command's own JSON, or C2SP)."),
    ] = None,
    json: Json = False,
) -> None:
    """Is everything whole? Ledger, store, readings; damage is named. Exit 1 where there is any."""
    from trackway.cli import custody

    raise typer.Exit(custody.verify(case, checkpoint, json))


@app.command()
def digest(case: Case, json: Json = False) -> None:
    """The order-free line: two offices that read the same exhibits get the same one."""
    from trackway.cli import custody

    custody.digest(case, json)


@app.command("hash")
def hash_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...")],
    json: Json = False,
) -> None:
    """Digests and PDQ of files, without a case."""
    from trackway.cli import custody

    raise typer.Exit(custody.hash_files(files, json))


@app.command()
def serve(
    case: Case,
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the workspace in a browser.")] = False,
    officer: As = None,
    now: Now = None,
) -> None:
    """The workspace, on this machine only, behind a sign-in token made at each start."""
    from trackway.cli import workspace

    _set_now(now)
    workspace.serve(case, port, browser, _officer(officer))


@app.command()
def doctor(json: Json = False) -> None:
    """What holds on this machine: sandbox layers, libraries, fonts, database."""
    from trackway.cli import custody

    raise typer.Exit(custody.doctor(json))


@app.command()
def demo(
    folder: Annotated[
        Path | None, typer.Option("--dir", metavar="DIR", help="Where to build it; new or empty.")
    ] = None,
    serve: Annotated[bool, typer.Option(help="Open the workspace afterwards.")] = True,
    json: Json = False,
) -> None:
    """A benign, invented case, end to end: builds it, runs everything, checks it against its own truth."""
    from trackway.cli import demo_case

    raise typer.Exit(demo_case.run(folder, serve, json))


@app.command()
def evaluate(
    what: Annotated[str, typer.Argument(metavar="WHAT", help="hostile, network.")],
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="The data, in its documented shape.")],
    json: Json = False,
) -> None:
    """Measure a method on labelled data; prints figures and conditions."""
    from trackway.cli import measure

    measure.evaluate(what, paths, json)


@app.command()
def bench(
    what: Annotated[str, typer.Argument(metavar="WHAT", help="records.")],
    json: Json = False,
) -> None:
    """Measure speed beside a peer in the same run."""
    from trackway.cli import measure

    measure.bench(what, json)


def _officer(given: str | None) -> Any:
    from trackway.cli.session import officer_of

    return officer_of(given)


def _set_now(given: str | None) -> None:
    if given is not None:
        from trackway.model.times import moment_of

        os.environ["TRACKWAY_NOW"] = moment_of(given, "--now").isoformat()


def _check_text(arguments: list[str]) -> None:
    """What is written into the case is text; only a name of something that exists may be other bytes."""
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError as error:
            if not os.path.lexists(argument):
                spelled = os.fsencode(argument).decode("utf-8", "backslashreplace")
                raise Refused(f"This is neither text in UTF-8 nor the name of a file: {spelled}", "not-text") from error


# typer brings its own copy of click, whose base error has no public name.
_USAGE: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
INTERRUPTED = 130
"""What typer makes of Ctrl-C."""


def main() -> None:
    """Run the command line; every refusal is one sentence."""
    json = "--json" in sys.argv[1:]
    output.prepare()
    try:
        _check_text(sys.argv[1:])
        code = app(sys.argv[1:] or ["--help"], standalone_mode=False)
        if code == INTERRUPTED:
            raise KeyboardInterrupt
        output.finish()  # a reader of our output that went away is met here, not at the interpreter's end
        sys.exit(code if isinstance(code, int) else 0)
    except Refused as refusal:
        output.trace(refusal)
        sys.exit(output.refuse(json, refusal.sentence, refusal.code))
    except _USAGE as error:
        sys.exit(output.refuse(json, error.format_message(), "usage"))
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(output.refuse(json, "Stopped. What was committed stands; run it again to go on.", "stopped"))
    except BrokenPipeError:
        output.silence(1)
        sys.exit(0)
    except Exception as error:
        sys.exit(output.fault(json, error))


if __name__ == "__main__":
    main()
