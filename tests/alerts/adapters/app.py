"""A FastAPI app with prometheus-fastapi-instrumentator, which knows nothing of servewatch: `python app.py PORT`."""

import sys

import uvicorn
from fastapi import FastAPI
from prometheus_fastapi_instrumentator import Instrumentator

app = FastAPI()
Instrumentator(should_instrument_requests_inprogress=True, inprogress_labels=True).instrument(app).expose(app)


@app.post("/rank")
def rank() -> dict[str, int]:
    """Answer."""
    return {"rank": 1}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
