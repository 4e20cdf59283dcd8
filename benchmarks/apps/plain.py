"""FastAPI as its documentation shows it, with prometheus-fastapi-instrumentator, one forward a request."""

import numpy as np
import torch
from fastapi import FastAPI
from network import answer, model
from prometheus_fastapi_instrumentator import Instrumentator

MODEL = model()
app = FastAPI()
Instrumentator().instrument(app).expose(app)


@app.post("/predict")
async def predict(picture: list[list[float]]) -> dict:
    """One picture in, label and probabilities out."""
    with torch.inference_mode():
        return answer(MODEL(torch.from_numpy(np.asarray(picture, np.float32)[None])).numpy()[0])
