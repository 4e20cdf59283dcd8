"""Demo traffic: real images to a running service, at a modest rate, and the faults that make alerts fire."""
