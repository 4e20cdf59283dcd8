"""Who may look: a token where the console is open to others, and no change that another site asks for."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from servewatch.console.errors import ForeignRequest, TokenMissing

OPEN = ("/healthz",)
"""What answers without a token: whoever looks after the process has none."""

SHORTEST = 16
_DAYS = 30
_PAGE = (
    '<!doctype html><html lang="en"><title>servewatch: token</title><h1>This console asks for a token</h1>'
    "<p>Open the address that <code>servewatch console</code> printed when it started: it ends in "
    "<code>?token=…</code>. This browser is then known for 30 days.</p></html>"
)


class Token:
    """Lets through who has the token: in the address once, then as a cookie, or as `Authorization: Bearer`."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app = app
        self._token = token.encode()
        # The cookie is not the token: who reads one out of a browser cannot make an address of it.
        self._pass = hmac.new(self._token, b"servewatch console", hashlib.sha256).hexdigest().encode()
        # Cookies know no ports: two consoles on one host must not overwrite each other's.
        self._name = f"servewatch_{hashlib.sha256(self._pass).hexdigest()[:8]}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the app does, or with 401."""
        if scope["type"] != "http" or scope["path"] in OPEN or self._known(Headers(scope=scope)):
            await self.app(scope, receive, send)
        else:
            await self._welcome(HTTPConnection(scope))(scope, receive, send)

    def _known(self, headers: Headers) -> bool:
        kind, _, given = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), self._token):
            return True
        try:
            morsel = SimpleCookie(headers.get("cookie", "")).get(self._name)
        except CookieError:
            return False
        return morsel is not None and hmac.compare_digest(morsel.value.encode(), self._pass)

    def _welcome(self, asked: HTTPConnection) -> Response:
        pairs = parse_qsl(asked.url.query, keep_blank_values=True)
        given = next((value for name, value in pairs if name == "token"), "")
        if not hmac.compare_digest(given.encode(), self._token):
            return _refused(asked)
        rest = urlencode([pair for pair in pairs if pair[0] != "token"])
        # Two slashes at the start would be another host.
        path = "/" + asked.url.path.lstrip("/")
        answer = RedirectResponse(f"{path}?{rest}" if rest else path, 303)
        answer.set_cookie(
            self._name,
            self._pass.decode(),
            max_age=_DAYS * 86400,
            httponly=True,
            samesite="lax",
            secure=asked.url.scheme == "https",
        )
        return answer


def _refused(asked: HTTPConnection) -> Response:
    error = TokenMissing("the console asks for a token", "open the address that `servewatch console` printed")
    if "text/html" in asked.headers.get("accept", "") and not asked.url.path.startswith("/api/"):
        return HTMLResponse(_PAGE, error.status, error.headers)
    return JSONResponse(error.body(), error.status, error.headers)


def refuse_foreign(request: Request) -> None:
    """Refuse a change that does not come from the console's own page, or from a program."""
    host, origin = request.headers.get("host", ""), request.headers.get("origin")
    site = request.headers.get("sec-fetch-site", "same-origin")
    if (origin is not None and urlsplit(origin).netloc != host) or site not in {"same-origin", "none"}:
        raise ForeignRequest(f"a page of {origin or site} asked for a change", "make it on the console's own page")
    kind = request.headers.get("content-type", "")
    if request.method == "POST" and kind.partition(";")[0].strip() != "application/json":
        raise ForeignRequest(f"the content type is {kind!r}", "send application/json")
    if not request.app.state.guarded and not _is_here(urlsplit(f"//{host}").hostname or ""):
        # A site whose name is made to point at this machine is, to the browser, the same site.
        advice = "use http://127.0.0.1, or ask for a token: servewatch console --token-file FILE"
        raise ForeignRequest(f"without a token nothing is changed at the name {host!r}", advice)


def _is_here(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
