"""One request to another server: it follows no redirect and takes no proxy from the environment."""

from __future__ import annotations

import base64
import http.client
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, unquote, urlsplit

CONNECT_SECONDS, READ_SECONDS = 3.0, 30.0
_RAW = "/?:@!$&'()*+,;=%~[]-._"
"""What stands in a query as it is; anything else is escaped."""


@dataclass(frozen=True)
class Answer:
    """What the other server said."""

    status: int
    kind: str
    body: bytes


def fetch(url: str, path: str, query: str, method: str = "GET", body: bytes = b"") -> Answer:
    """Ask for `path` under `url`; raise OSError or HTTPException where that server does not answer."""
    parts = urlsplit(url)
    address = f"{parts.path.rstrip('/')}/{path}" + (f"?{quote(query, safe=_RAW)}" if query else "")
    connection = _connection(parts)
    try:
        connection.connect()
        connection.sock.settimeout(READ_SECONDS)
        written = {"content-type": "application/json"} if body else {}
        headers = {"accept": "application/json", **written, **_credentials(parts)}
        connection.request(method, address, body or None, headers)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers.get("content-type", ""), answer.read())
    finally:
        connection.close()


def _connection(parts: SplitResult) -> http.client.HTTPConnection:
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=CONNECT_SECONDS)


def _credentials(parts: SplitResult) -> dict[str, str]:
    if parts.username is None:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
