"""servewatch with its metrics off: what counts and observes does nothing. For the cost of metrics only."""

from ours import Bench
from prometheus_client import Counter

from monitoring.metrics import Histogram

Counter.inc = lambda self, amount=1, exemplar=None: None
Histogram.observe = lambda self, amount, exemplar=None: None
Histogram.observe_all = lambda self, amounts: None

__all__ = ["Bench"]
