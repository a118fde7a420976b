"""Pages of the console, held open as browsers hold them, without a browser.

A page is a websocket. The browser asks for it once; Streamlit answers with what to draw and, where a part is to refresh
itself, with `auto_rerun`: which part and how often. From then on the browser's timer asks for that part anew. This
client does the same, with Streamlit's own messages, so that the server works as for browsers; it draws nothing.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

PATIENCE = 30.0  # seconds until a page is drawn for the first time


class OpenPage:
    """One page at *address* (`/connections?live=true`), open until told to close. *refreshes* counts what came anew."""

    def __init__(self, port: int, address: str) -> None:
        self._port, self._address = port, urlsplit(address)
        self._closing = threading.Event()
        self._drawn = threading.Event()
        self._every: float | None = None
        self._fragment = ""
        self._elements = 0  # since the last refresh
        self.refreshes = 0
        self.failure: str | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def open(self) -> None:
        """Return when the page is drawn and will refresh itself."""
        self._thread.start()
        assert self._drawn.wait(PATIENCE), f"{self._address.geturl()} was not drawn"
        assert self.failure is None and self._every is not None, f"{self._address.geturl()}: {self.failure}"

    def close(self) -> None:
        """Close it, and fail if it showed an error."""
        self._closing.set()
        self._thread.join()
        assert self.failure is None, f"{self._address.geturl()}: {self.failure}"

    def _run(self) -> None:
        try:
            address = f"ws://127.0.0.1:{self._port}/_stcore/stream"
            with connect(address, subprotocols=["streamlit"], max_size=None) as socket:
                self._ask(socket)
                self._stay(socket)
        except Exception as error:  # noqa: BLE001 - a thread has nobody to raise to
            self.failure = self.failure or repr(error)
        self._drawn.set()

    def _stay(self, socket: ClientConnection) -> None:
        due = float("inf")
        while not self._closing.is_set():
            if time.monotonic() >= due:
                self._ask(socket, self._fragment)
                due += self._every or 0
            try:
                received = socket.recv(timeout=0.2)
            except TimeoutError:
                continue
            assert isinstance(received, bytes)
            self._take(ForwardMsg.FromString(received))
            if due == float("inf") and self._drawn.is_set() and self._every:
                due = time.monotonic() + self._every

    def _ask(self, socket: ClientConnection, fragment: str = "") -> None:
        path = self._address.path.strip("/")
        state = ClientState(
            query_string=self._address.query, page_name=path, fragment_id=fragment, is_auto_rerun=bool(fragment)
        )
        socket.send(BackMsg(rerun_script=state).SerializeToString())

    def _take(self, message: ForwardMsg) -> None:
        match message.WhichOneof("type"):
            case "auto_rerun":
                self._every, self._fragment = message.auto_rerun.interval, message.auto_rerun.fragment_id
            case "delta" if _says_that_something_broke(message.delta.new_element):
                self.failure = str(message.delta.new_element)
            case "delta":
                self._elements += 1
            case "script_finished" if message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                self._elements = 0
                self._drawn.set()
            case "script_finished" if message.script_finished == ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY:
                self.refreshes += self._elements > 0
                self._elements = 0


def _says_that_something_broke(element: Element) -> bool:
    kind = element.WhichOneof("type")
    return kind == "exception" or (kind == "alert" and element.alert.format == Alert.ERROR)


@contextmanager
def open_pages(port: int, addresses: Sequence[str]) -> Iterator[list[OpenPage]]:
    """These pages, each refreshing itself; those that show an error fail the measurement."""
    pages = [OpenPage(port, address) for address in addresses]
    for page in pages:
        page.open()
    yield pages
    for page in pages:
        page.close()
