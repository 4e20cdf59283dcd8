"""A FastAPI app of `monitoring.instrument` with a watched model under its own server: `python instrumented.py PORT`."""

import sys

import numpy as np
import uvicorn
from fastapi import FastAPI

import monitoring
from monitoring.drift import Watcher
from monitoring.reference import learn

app = FastAPI(title="shop", version="3")
monitoring.instrument(app)
watcher = Watcher(learn({"age": np.arange(1000.0)}), service="shop", version="3", model="ranker", model_version="1")


@app.post("/rank")
def rank() -> dict[str, int]:
    """Answer, as for somebody of the middle age."""
    watcher.observe({"age": [500.0]})
    return {"rank": 1}


@app.post("/fail")
def fail() -> None:
    """Do not."""
    raise RuntimeError("asked to fail")


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="critical")
