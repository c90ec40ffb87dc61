"""The invented people of the demo, one entry a pseudonym on a service, and their harmless placeholder words."""

from trackway.demo.story import Who

# Numbers, addresses and domains are set aside for fiction and documentation (555-01xx, RFC 5737, 3849, 2606).
HERON_MAIL, QUARRY_MAIL, GULL_MAIL = (
    "heron.watch@lagoon.example",
    "quarry.king@pit.example",
    "gull.post@harbour.example",
)
QUARRY_PHONE, HERON_PHONE = "+12025550142", "+12025550117"


def _telegram(number: int, name: str, phone: str = "") -> Who:
    return Who("telegram", f"user{number}", (name,), (("phone", phone),) if phone else ())


T_HERON = _telegram(5001, "heron_watch", HERON_PHONE)
# His number stands in another's contact list, and in a report about an account of the same name: a lead, not a fact.
T_QUARRY = _telegram(5002, "quarry_king")
T_REED = _telegram(5003, "reed_bunting")
T_GULL = _telegram(5004, "gull_express")
T_SKUA = _telegram(5005, "skua_mirror")
T_TERN = _telegram(5006, "tern_table")


def _nick(name: str) -> Who:
    return Who("irc", name, (name,))


I_OLD, I_NEW = _nick("mallard_42"), _nick("dusk_mallard")
I_CLERK, I_MOTH, I_SAND, I_GREBE, I_HERON = (
    _nick("wading_clerk"),
    _nick("moth_margin"),
    _nick("sandpiper9"),
    _nick("grebe_at_noon"),
    _nick("heron_watch"),
)


def _mail(address: str, name: str) -> Who:
    return Who("email", address, (name,), (("mail", address),))


M_HERON = _mail(HERON_MAIL, "Heron Watch")
M_QUARRY = _mail(QUARRY_MAIL, "Q. King")
M_GULL = _mail(GULL_MAIL, "Gull Post")
M_SOCIETY = _mail("programme@marsh-society.example", "Marsh Society")


def _reported(key: str, name: str, *identifiers: tuple[str, str]) -> Who:
    return Who("ncmec", key, (name,), identifiers)


N_HERON = _reported(
    "lagoon-88121", "heron_watch", ("mail", HERON_MAIL), ("phone", HERON_PHONE), ("ip-port", "192.0.2.44:50412")
)
N_REED = _reported("lagoon-90311", "reed_bunting", ("ip-port", "[2001:db8::24]:443"))
N_QUARRY = _reported("pit-1204", "quarry_king", ("phone", QUARRY_PHONE), ("mail", QUARRY_MAIL))
N_GULL = _reported("harbour-7", "gull_express", ("mail", GULL_MAIL))
N_PIER = _reported("harbour-19", "pier_photo", ("ip-port", "198.51.100.7:61022"))
N_TERN = _reported("lagoon-91007", "tern_table")

TERMS: tuple[tuple[str, str, str, str], ...] = (
    ("lantern tonight", "live", "en", "placeholder: announces something live"),
    ("garden key", "access", "en", "placeholder: claims access"),
    ("fresh from the nest", "new-material", "en", "placeholder: claims new material"),
    ("verse uil", "new-material", "nl", "placeholder, in Dutch"),
)
"""(term, sign, language, note): harmless phrases that stand in for a team's danger terms."""

CHATTER = (
    "Quiet morning at the hide, two coots and a lot of rain.",
    "Does anyone know when the boardwalk reopens?",
    "The reeds were cut back last week, you can see the far bank again.",
    "I counted eleven lapwings before breakfast.",
    "My tripod lost a foot in the mud, so the pictures lean a little.",
    "Somebody left a flask at the north hide, it is at the kiosk now.",
    "The ferry runs late on Sundays, plan for that.",
    "A marsh harrier went over at ten, too far for a picture.",
    "Try a slower shutter, the light there is kinder than you think.",
    "Wind from the east until Thursday, then we might see waders.",
    "The new map of the dunes is on the notice board.",
    "Anyone for tea after the walk?",
)
"""What the channel mostly says."""
