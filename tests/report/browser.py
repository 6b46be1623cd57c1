"""A real browser without a window: opens a page, runs expressions in it, and clicks with a mouse.

It is Chromium, spoken to by the DevTools protocol. Without it tests are skipped, or fail where
FLEETPRESS_REQUIRE_JUDGES=1 says so. The page can reach nothing: there is no network in its world.
"""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import subprocess
import time
import urllib.request
from itertools import count
from typing import TYPE_CHECKING, Any

from tornado.websocket import websocket_connect

from tests.judges.programs import missing

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_PATIENCE = 60.0  # seconds
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--hide-scrollbars",
    "--window-size=1000,640",
    "--remote-debugging-port=0",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)


def require() -> str:
    """The browser's path."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        missing("chromium is not installed: apt-get install chromium")
    return found


class Browser:
    """One page at a time; a `with` block ends it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)
        self.requests: list[str] = []
        self.errors: list[str] = []

    def __enter__(self) -> Self:
        command = [require(), *_FLAGS, f"--user-data-dir={self._folder}", "about:blank"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._loop = asyncio.new_event_loop()
        port = self._port()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=_PATIENCE) as answer:
            pages = [page for page in json.load(answer) if page["type"] == "page"]
        self._socket = self._loop.run_until_complete(_connect(pages[0]["webSocketDebuggerUrl"]))
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()
        self._process.terminate()
        self._process.wait(timeout=_PATIENCE)

    def open(self, page: Path, fragment: str = "") -> None:
        """Show a file and wait until it is loaded; `requests` and `errors` begin anew."""
        self.ask("Page.navigate", url="about:blank")
        self.requests.clear()
        self.errors.clear()
        self.ask("Page.navigate", url=f"{page.as_uri()}{fragment}")
        self.wait_for("document.readyState === 'complete' && document.title !== ''")

    def run(self, expression: str) -> Any:
        """What a JavaScript expression gives."""
        found = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait_for(self, expression: str) -> None:
        """Until an expression is true."""
        end = time.monotonic() + _PATIENCE
        while not self.run(expression):
            assert time.monotonic() < end, expression
            time.sleep(0.02)

    def click(self, selector: str) -> None:
        """Press and release the mouse on the first element that a CSS selector finds."""
        box = f"document.querySelector({json.dumps(selector)}).getBoundingClientRect()"
        self.run(f"document.querySelector({json.dumps(selector)}).scrollIntoView({{block: 'center'}})")
        where = {"x": self.run(f"{box}.x + 12"), "y": self.run(f"{box}.y + {box}.height / 2")}
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **where)

    def type(self, selector: str, text: str) -> None:
        """Put the cursor into a field and type."""
        self.click(selector)
        self.ask("Input.insertText", text=text)

    def screenshot(self) -> bytes:
        """What is to be seen, as PNG."""
        return base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"])

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command of the protocol; its result."""
        number = next(self._numbers)
        message = json.dumps({"id": number, "method": method, "params": parameters})
        return self._loop.run_until_complete(asyncio.wait_for(self._exchange(number, message), _PATIENCE))

    async def _exchange(self, number: int, message: str) -> dict[str, Any]:
        await self._socket.write_message(message)
        while True:
            raw = await self._socket.read_message()
            assert raw is not None, "the browser has ended"
            said = json.loads(raw)
            self._note(said)
            if said.get("id") == number:
                assert "error" not in said, said
                result: dict[str, Any] = said["result"]
                return result

    def _note(self, said: dict[str, Any]) -> None:
        parameters = said.get("params", {})
        if said.get("method") == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif said.get("method") == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(parameters))
        elif said.get("method") == "Log.entryAdded":
            self.errors.append(parameters["entry"]["text"])

    def _port(self) -> int:
        """The port that the browser chose, which it writes into its folder."""
        file = self._folder / "DevToolsActivePort"
        end = time.monotonic() + _PATIENCE
        while not (file.exists() and file.read_text().strip()):
            assert self._process.poll() is None, "the browser ended at once"
            assert time.monotonic() < end, "the browser did not start"
            time.sleep(0.05)
        return int(file.read_text().split()[0])


async def _connect(url: str) -> Any:
    return await websocket_connect(url, max_message_size=64 << 20)
