"""A hand-written ASGI app: orjson and torch, one forward a request, no checks, no batching, no metrics."""

import numpy as np
import orjson
import torch
from network import answer, model

MODEL = model()
HEADERS = [(b"content-type", b"application/json")]


async def app(scope, receive, send) -> None:
    """Read, run, answer."""
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    if scope["method"] == "POST":
        if dict(scope["headers"]).get(b"content-type") == b"application/x-npy":
            picture = np.frombuffer(body, np.float32, 784, len(body) - 3136).reshape(1, 28, 28)
        else:
            picture = np.asarray(orjson.loads(body), np.float32)[None]
        with torch.inference_mode():
            body = orjson.dumps(answer(MODEL(torch.from_numpy(picture.copy())).numpy()[0]))
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": body})
