"""Services and trainings to copy."""
