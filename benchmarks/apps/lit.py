"""LitServe with its batching on."""

import litserve as ls
import numpy as np
import torch
from network import answer, model


class Lit(ls.LitAPI):
    """The model of the benchmark."""

    def setup(self, device: str) -> None:
        """Make the model."""
        self.model = model()

    def decode_request(self, request) -> np.ndarray:
        """From JSON."""
        return np.asarray(request, np.float32)

    def batch(self, inputs) -> np.ndarray:
        """Rows of many requests."""
        return np.stack(inputs)

    def predict(self, pictures) -> np.ndarray:
        """Run the model."""
        with torch.inference_mode():
            return self.model(torch.from_numpy(pictures)).numpy()

    def unbatch(self, output) -> list[np.ndarray]:
        """A row for each."""
        return list(output)

    def encode_response(self, output) -> dict:
        """To JSON."""
        return answer(output)


if __name__ == "__main__":
    import sys

    server = ls.LitServer(Lit(max_batch_size=64, batch_timeout=0.001), accelerator="cpu", workers_per_device=1)
    server.run(port=int(sys.argv[1]), host="127.0.0.1", generate_client_file=False, log_level="warning")
