"""Signing in: a token made at each start opens one session, bound to this start and to one browser."""

import hmac
import secrets
from dataclasses import dataclass, field
from threading import Lock
from urllib.parse import parse_qs

from starlette.requests import Request

from trackway.web.problem import NotSignedIn, Refusal, TooLarge

FORM_MOST = 65_536
"""Bytes of a form."""
FIELDS_MOST = 50


@dataclass(slots=True)
class Sessions:
    """The one session of one start. ``token`` opens it once; afterwards only the cookie counts."""

    token: str
    cookie_name: str
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    _secret: str | None = None
    _lock: Lock = field(default_factory=Lock)

    def open(self, token: str) -> str:
        """The cookie's value for the right token, once. Raises NotSignedIn."""
        with self._lock:
            if not self.token or not hmac.compare_digest(token.encode(), self.token.encode()):
                raise NotSignedIn
            self.token = ""
            self._secret = secrets.token_urlsafe(32)
            return self._secret

    def holds(self, cookie: str) -> bool:
        """Whether this cookie is the session's."""
        return self._secret is not None and hmac.compare_digest(cookie.encode(), self._secret.encode())

    def close(self) -> None:
        """Sign out. Only a new start opens a session again."""
        with self._lock:
            self._secret = None
            self.csrf = secrets.token_urlsafe(32)


async def read_form(request: Request, sessions: Sessions) -> dict[str, str]:
    """The fields of a form that one of our own pages sent. Raises Refusal or TooLarge."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > FORM_MOST:
            raise TooLarge
    try:
        fields = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MOST)
    except ValueError as error:
        raise Refusal from error
    given = {name: values[-1].strip() for name, values in fields.items()}
    if not hmac.compare_digest(given.pop("csrf", "").encode(), sessions.csrf.encode()):
        raise Refusal
    return given
