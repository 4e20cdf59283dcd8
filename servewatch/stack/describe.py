"""Prints the name under which a service is measured. It runs in a process of its own: a user's module may import much.

python -m servewatch.stack.describe MODULE:NAME
"""

from __future__ import annotations

import importlib
import sys

from serving.errors import ServewatchError
from serving.service import definition


def main(target: str) -> None:
    """Import the service and write its name, alone on the last line; where that fails, why, in one line."""
    module, _, attribute = target.partition(":")
    try:
        name = definition(getattr(importlib.import_module(module), attribute)).name
    except ServewatchError as error:
        sys.exit(error.message)
    except Exception as error:
        sys.exit(f"{type(error).__name__}: {' '.join(str(error).split())}")
    sys.stdout.write(f"\n{name}\n")


if __name__ == "__main__":
    main(sys.argv[1])
