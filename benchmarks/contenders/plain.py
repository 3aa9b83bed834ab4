"""What one would write first: FastAPI around `transformers.pipeline`. Run with uvicorn; $MODEL names the model's folder."""

import os

import torch
from fastapi import FastAPI
from pydantic import BaseModel
from transformers import pipeline

torch.set_num_threads(os.cpu_count() or 1)
classify = pipeline("text-classification", model=os.environ["MODEL"], batch_size=32)
app = FastAPI()


class Texts(BaseModel):
    texts: list[str]


@app.get("/ready")
def ready() -> str:
    return "ready"


@app.post("/classify")
def answer(given: Texts) -> list[dict[str, object]]:
    return list(classify(given.texts, truncation=True, max_length=256))
