"""A headless Chromium that tests talk to over its debugging pipe: pages are opened, clicked and asked, in real time."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import queue
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.servewatch.stack.stacks import wait_for

ALONE = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
)


class Page:
    """One tab, with everything that it logged and every address that it asked for."""

    def __init__(self, to_chromium: int, from_chromium: int) -> None:
        self._out, self._in = os.fdopen(to_chromium, "wb", 0), os.fdopen(from_chromium, "rb", 0)
        self._answers: dict[int, queue.Queue[dict[str, Any]]] = {}
        self._count, self._session = 0, ""
        self.problems: list[str] = []
        self.requests: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()

    def start(self, width: int, height: int) -> None:
        """Open the tab."""
        target = self._send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._send(f"{domain}.enable")
        self.resize(width, height)

    def resize(self, width: int, height: int) -> None:
        """Give the window another size."""
        self._send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def zone(self, name: str) -> None:
        """Put the browser into another time zone."""
        self._send("Emulation.setTimezoneOverride", timezoneId=name)

    def open(self, url: str) -> None:
        """Go to an address."""
        self._send("Page.navigate", url=url)

    def ask(self, expression: str) -> Any:
        """The value of a JavaScript expression."""
        answer = self._send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise AssertionError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait(self, expression: str, seconds: float = 20.0) -> Any:
        """The expression's value, once it counts as true."""
        return wait_for(lambda: self.ask(expression), seconds)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Press the mouse at one place and let it go at another."""
        for kind, (x, y), held in (
            ("mouseMoved", start, 0),
            ("mousePressed", start, 1),
            ("mouseMoved", end, 1),
            ("mouseReleased", end, 0),
        ):
            self._send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=held, clickCount=1)

    def move(self, place: tuple[float, float]) -> None:
        """Move the mouse."""
        self._send("Input.dispatchMouseEvent", type="mouseMoved", x=place[0], y=place[1])

    def press(self, key: str) -> None:
        """Press a key, such as Escape or Tab."""
        number = {"Tab": {"windowsVirtualKeyCode": 9}, "Enter": {"windowsVirtualKeyCode": 13, "text": "\r"}}.get(
            key, {}
        )
        for kind in ("keyDown", "keyUp"):
            self._send("Input.dispatchKeyEvent", type=kind, key=key, code=key, **number)

    def tabs(self) -> list[str]:
        """The address of every tab, those that the page has opened too."""
        found = self._send("Target.getTargets")["targetInfos"]
        return [target["url"] for target in found if target["type"] == "page"]

    def shoot(self, file: Path, most: int = 6000) -> None:
        """Write a picture of the whole page, as far as it goes."""
        size = self._send("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], most), "scale": 1}
        answer = self._send("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        file.write_bytes(base64.b64decode(answer["data"]))

    def _send(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._count += 1
        number, box = self._count, queue.Queue[dict[str, Any]](1)
        self._answers[number] = box
        session = {"sessionId": self._session} if self._session else {}
        self._out.write(json.dumps({"id": number, "method": method, "params": parameters, **session}).encode() + b"\0")
        answer = box.get(timeout=30)
        if "error" in answer:
            raise AssertionError(f"{method}: {answer['error']}")
        found: dict[str, Any] = answer["result"]
        return found

    def _read(self) -> None:
        rest = b""
        with contextlib.suppress(OSError, ValueError):
            while part := self._in.read(65536):
                *whole, rest = (rest + part).split(b"\0")
                for text in whole:
                    self._take(json.loads(text))

    def _take(self, message: dict[str, Any]) -> None:
        if "id" in message:
            self._answers.pop(message["id"]).put(message)
            return
        method, said = message["method"], message.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(said["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.problems.append(str(said["exceptionDetails"].get("exception", said)))
        elif method == "Log.entryAdded" and said["entry"]["level"] == "error":
            self.problems.append(f"{said['entry']['text']} {said['entry'].get('url', '')}")
        elif method == "Runtime.consoleAPICalled" and said["type"] in {"error", "warning"}:
            self.problems.append(str(said["args"]))

    def close(self) -> None:
        """Close the pipe, which ends the browser."""
        self._out.close()
        self._in.close()


@contextlib.contextmanager
def browser(folder: Path, width: int = 1400, height: int = 1800) -> Iterator[Page]:
    """A browser with one tab and a profile of its own in this folder."""
    program = shutil.which("chromium") or shutil.which("google-chrome") or "chromium"
    command_read, command_write = os.pipe()
    answer_read, answer_write = os.pipe()
    # Chromium reads commands from descriptor 3 and writes answers to 4: a shell puts the pipes there.
    line = f'exec "$@" 3<&{command_read} 4>&{answer_write}'
    argv = ["bash", "-c", line, "browser", program, *ALONE, "--remote-debugging-pipe", f"--user-data-dir={folder}"]
    running = subprocess.Popen(argv, pass_fds=(command_read, answer_write), stderr=subprocess.DEVNULL)
    os.close(command_read)
    os.close(answer_write)
    page = Page(command_write, answer_read)
    try:
        page.start(width, height)
        yield page
    finally:
        running.terminate()
        running.wait(20)
        page.close()
