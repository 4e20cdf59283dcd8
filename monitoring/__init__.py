"""Instruments for any Python service: metrics as declarations, decorators, /metrics."""
