"""A model of MLServer, which knows nothing of servewatch; `python ranker.py PORT` calls it, and one that is missing."""

import contextlib
import sys

from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.errors import InferenceError
from mlserver.types import InferenceRequest, InferenceResponse


class Ranker(MLModel):
    """Adds up each row; takes none that is negative."""

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Answer a batch."""
        rows = NumpyCodec.decode_input(payload.inputs[0])
        if (rows < 0).any():
            raise InferenceError("a row is negative")
        ranks = NumpyCodec.encode_output("rank", rows.sum(axis=1, keepdims=True))
        return InferenceResponse(model_name=self.name, model_version=self.version, outputs=[ranks])


if __name__ == "__main__":
    import grpc
    from mlserver.grpc.dataplane_pb2 import InferTensorContents, ModelInferRequest
    from mlserver.grpc.dataplane_pb2_grpc import GRPCInferenceServiceStub

    row = ModelInferRequest.InferInputTensor(
        name="rows", datatype="FP64", shape=[1, 1], contents=InferTensorContents(fp64_contents=[1.0])
    )
    server = GRPCInferenceServiceStub(grpc.insecure_channel(f"127.0.0.1:{sys.argv[1]}"))
    server.ModelInfer(ModelInferRequest(model_name="ranking", inputs=[row]), timeout=10)
    with contextlib.suppress(grpc.RpcError):
        server.ModelInfer(ModelInferRequest(model_name="none", inputs=[row]), timeout=10)
