"""How often a model is right: ids that carry its predictions, and the labels that come for them later."""

from monitoring.quality.feedback import Feedback, Receipt
from monitoring.quality.identify import Identifier
from monitoring.quality.ids import MOST_ROWS, Ids, Subject
from monitoring.quality.memory import Memory

__all__ = ["MOST_ROWS", "Feedback", "Identifier", "Ids", "Memory", "Receipt", "Subject"]
