"""All tests, in two lanes side by side: those of whole stacks mostly wait, and leave the processors to the others.

What is given in words goes to one pytest as it is. Run by `make test`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence

import pytest

SLOW = "e2e or containers"
PYTEST = (sys.executable, "-m", "pytest")
FINE = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)


def main(words: Sequence[str]) -> int:
    """Run what was asked for, or everything; 0 where nothing failed."""
    if words:
        return subprocess.run([*PYTEST, *words], check=False).returncode
    with tempfile.TemporaryFile("w+") as said:
        stacks = subprocess.Popen([*PYTEST, "-m", SLOW], stdout=said, stderr=subprocess.STDOUT)
        try:
            fast = subprocess.run([*PYTEST, "-m", f"not ({SLOW})"], check=False).returncode
            print("the tests of whole stacks, which ran beside:", flush=True)
            slow = stacks.wait()
        finally:
            stacks.terminate()
            stacks.wait()
            said.seek(0)
            print(said.read(), flush=True)
    return next((code for code in (fast, slow) if code not in FINE), 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
