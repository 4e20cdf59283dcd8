"""The command: servewatch up, serve, models, generate, check and the rest."""
