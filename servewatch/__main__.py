"""`python -m servewatch`, for processes that start one another."""

from servewatch.cli import main

main()
