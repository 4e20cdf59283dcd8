"""A deployment of Ray Serve, which knows nothing of servewatch: `python ranking.py PORT METRICS_PORT`."""

import sys

import ray
from ray import serve
from starlette.requests import Request


@serve.deployment
class Ranking:
    """Answers with the row that was asked for; takes none that is negative."""

    @serve.batch(max_batch_size=8, batch_wait_timeout_s=0.01)
    async def rank(self, rows: list[float]) -> list[float]:
        """Answer a batch."""
        return rows

    async def __call__(self, request: Request) -> dict[str, float]:
        """Answer."""
        row = float((await request.json())["row"])
        if row < 0:
            raise ValueError("a row is negative")
        return {"rank": await self.rank(row)}


if __name__ == "__main__":
    ray.init(
        num_cpus=1,
        include_dashboard=False,
        object_store_memory=80_000_000,
        _node_ip_address="127.0.0.1",
        _metrics_export_port=int(sys.argv[2]),
    )
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1])})
    serve.run(Ranking.bind(), blocking=True)
