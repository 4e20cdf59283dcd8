"""One service in many processes: workers that speak HTTP, runners that hold the models, a master over all."""
