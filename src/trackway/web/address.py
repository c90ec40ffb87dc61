"""Addresses hold opaque ids only (SCREENS.md): never a name, a search text, a camera's serial or an exhibit's name.

What is opaque already (digests, ids, series tokens) stands as it is. Everything else, and every cursor, is sealed with
a key of the case: the same thing has the same address at every start and for every officer of the case.
"""

import base64
import binascii
import hashlib
import re

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from trackway.danger.item import Ref
from trackway.web.problem import Missing

OPAQUE = re.compile(r"(?:(?:md5|sha1|sha256):|series-)?[0-9a-f]{16,64}")
KIND = re.compile(r"[a-z-]{1,20}")
SEALED_MOST = 4096
"""Characters of a sealed part; browsers and servers take at least twice as many in an address."""


class Addresses:
    """Writes and reads the parts of addresses. ``secret``: bytes that are this case's own and stay the same."""

    def __init__(self, secret: bytes) -> None:
        # AES-SIV: the same text gives the same seal, and a changed one does not open (RFC 5297).
        self._cipher = AESSIV(hashlib.sha512(b"trackway addresses\0" + secret).digest())

    def seal(self, text: str, use: str) -> str:
        """A text as a part of an address; ``use`` keeps a cursor from being read as a subject."""
        sealed = self._cipher.encrypt(text.encode(), [use.encode()])
        return "~" + base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def unseal(self, part: str, use: str) -> str:
        """The text again. Raises Missing for anything that this case did not write."""
        if not part.startswith("~") or len(part) > SEALED_MOST:
            raise Missing
        try:
            sealed = base64.urlsafe_b64decode(part[1:] + "=" * (-len(part[1:]) % 4))
            return self._cipher.decrypt(sealed, [use.encode()]).decode()
        except (binascii.Error, ValueError, InvalidTag) as error:
            raise Missing from error

    def id(self, name: str) -> str:
        """An id as a part of an address: itself where it is opaque, else sealed."""
        return name if OPAQUE.fullmatch(name) else self.seal(name, "id")

    def named(self, part: str) -> str:
        """The id that a part of an address stands for. Raises Missing."""
        return part if OPAQUE.fullmatch(part) else self.unseal(part, "id")

    def item(self, ref: Ref) -> str:
        """A subject of the queue as "kind/id"."""
        return f"{ref.kind}/{self.id(ref.id)}"

    def subject(self, kind: str, part: str) -> str:
        """The subject ("kind:id") that an address names. Raises Missing."""
        if not KIND.fullmatch(kind):
            raise Missing
        return f"{kind}:{self.named(part)}"
