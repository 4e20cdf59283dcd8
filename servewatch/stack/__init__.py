"""The whole stack, in modes: native (processes of this machine) and compose (containers)."""
