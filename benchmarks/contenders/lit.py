"""The same pipeline behind LitServe. $MODEL names the model's folder, $PORT the port."""

import os
from typing import Any

import litserve
import torch
from transformers import pipeline


class Stance(litserve.LitAPI):
    def setup(self, device: str) -> None:
        torch.set_num_threads(os.cpu_count() or 1)
        self.classify = pipeline("text-classification", model=os.environ["MODEL"], batch_size=32)

    def decode_request(self, request: dict[str, Any]) -> list[str]:
        return list(request["texts"])

    def predict(self, inputs: list[list[str]]) -> list[list[dict[str, object]]]:
        flat = [text for texts in inputs for text in texts]
        found = iter(self.classify(flat, truncation=True, max_length=256))
        return [[next(found) for _ in texts] for texts in inputs]

    def encode_response(self, output: list[dict[str, object]]) -> dict[str, object]:
        return {"labels": output}


if __name__ == "__main__":
    api = Stance(max_batch_size=8, batch_timeout=0.005, api_path="/classify")
    litserve.LitServer(api, accelerator="cpu").run(port=int(os.environ["PORT"]), generate_client_file=False)
