"""A FastAPI app with `monitoring.instrument`, under a server of its own: `python instrumented.py PORT`."""

import sys

import uvicorn
from fastapi import FastAPI

import monitoring

app = FastAPI(title="shop", version="3")
monitoring.instrument(app)


@app.post("/rank")
def rank() -> dict[str, int]:
    """Answer."""
    return {"rank": 1}


@app.post("/fail")
def fail() -> None:
    """Do not."""
    raise RuntimeError("asked to fail")


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="critical")
