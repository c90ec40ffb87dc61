"""The demo's mail: an mbox of a few messages with attachments; one message stands in it twice, as mailboxes do."""

from email.message import EmailMessage
from email.utils import format_datetime

from msgspec import Struct

from trackway.demo.people import M_GULL, M_HERON, M_QUARRY, M_SOCIETY
from trackway.demo.story import MAIL, Story, Who, moment

PROGRAMME = b"MARSH SOCIETY - SPRING PROGRAMME\n\n8 March  Waders at low tide\n22 March  Mending the boardwalk\n"


class Letter(Struct, frozen=True):
    """One mail; ``file`` the key of an attached picture, ``when`` UTC, ``copies`` how often the mailbox holds it."""

    id: str
    sender: Who
    to: Who
    when: str
    subject: str
    text: str
    file: str = ""
    paper: bool = False
    copies: int = 1


LETTERS = (
    Letter(
        "m1@lagoon.example", M_HERON, M_GULL, "2026-01-05 09:12", "for your album", "One of the old ones.", "viral5"
    ),
    Letter("m2@pit.example", M_QUARRY, M_HERON, "2026-01-20 17:40", "third", "As promised.", "fox3", copies=2),
    Letter("m3@lagoon.example", M_HERON, M_QUARRY, "2026-01-20 19:01", "Re: third", "Arrived, thank you."),
    Letter("m4@lagoon.example", M_HERON, M_QUARRY, "2026-01-22 08:30", "smaller", "It was too large.", "fox1-again"),
    Letter(
        "m5@marsh-society.example",
        M_SOCIETY,
        M_HERON,
        "2026-02-01 10:00",
        "Spring programme",
        "Dear member, the programme is attached.",
        paper=True,
    ),
    Letter("m6@harbour.example", M_GULL, M_HERON, "2026-02-20 22:05", "Re: for your album", "I have forty of those."),
)


def mailbox(story: Story) -> bytes:
    """The mbox; its acts are recorded in the story (a copy of a mail is the same act)."""
    parts = []
    for letter in LETTERS:
        story.meet(letter.sender, letter.to)
        if letter.file:
            story.act(MAIL, letter.file, "sent", letter.sender, letter.id)
            story.lay(MAIL, [letter.file])
        envelope = f"From {letter.sender.key} {moment(letter.when):%a %b %d %H:%M:%S %Y}\n".encode()
        parts += [envelope + _compose(story, letter) + b"\n"] * letter.copies
    return b"".join(parts)


def _compose(story: Story, letter: Letter) -> bytes:
    """One message in RFC 822 form, with nothing random in it."""
    mail = EmailMessage()
    mail["From"] = f"{letter.sender.names[0]} <{letter.sender.key}>"
    mail["To"] = f"{letter.to.names[0]} <{letter.to.key}>"
    mail["Date"] = format_datetime(moment(letter.when))
    mail["Subject"] = letter.subject
    mail["Message-ID"] = f"<{letter.id}>"
    mail.set_content(letter.text + "\n")
    if letter.file:
        picture = story.pictures[letter.file]
        mail.add_attachment(picture.data, maintype="image", subtype="jpeg", filename=picture.name)
    if letter.paper:
        mail.add_attachment(PROGRAMME, maintype="text", subtype="plain", filename="programme.txt")
    if mail.is_multipart():
        mail.set_boundary(f"=_marsh_{letter.id.partition('@')[0]}")
    return mail.as_bytes()
