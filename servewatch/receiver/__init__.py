"""The receiver: a small web app that keeps and shows the notifications that Alertmanager sends."""

from servewatch.receiver.app import receiver_app
from servewatch.receiver.book import Book

__all__ = ["Book", "receiver_app"]
