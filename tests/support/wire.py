"""Network connections that a test cuts or lets fall silent, whatever is spoken on them."""

import asyncio
import enum
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from support.ports import ReservedPort


class State(enum.Enum):
    OPEN = "open"
    SILENT = "silent"  # takes what is sent, and delivers nothing: a network that swallows
    CUT = "cut"  # connections are reset, and new ones too


class Wires:
    """The thread that serves any number of wires."""

    def __init__(self):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._wires: list[Wire] = []

    def to(self, port: int) -> "Wire":
        """A new wire that leads to that port of this machine."""
        wire = Wire(self, port)
        self._wires.append(wire)
        return wire

    def run(self, what: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(20)

    def call(self, what: Callable[[], None]) -> None:
        async def act() -> None:
            what()

        self.run(act())

    def close(self) -> None:
        for wire in self._wires:
            wire.close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(20)


class Wire:
    """Listens at `port` and leads to another port of this machine."""

    def __init__(self, wires: Wires, target: int):
        self._wires = wires
        self._target = target
        self._port = ReservedPort()
        self._state = State.OPEN
        self._passes = asyncio.Event()
        self._open: set[asyncio.StreamWriter] = set()
        self._server = wires.run(self._listen())

    @property
    def port(self) -> int:
        return self._port.number

    def cut(self) -> None:
        """Both ends of every connection are reset."""
        self._wires.call(lambda: self._become(State.CUT))

    def fall_silent(self) -> None:
        """Connections stay, and nothing arrives."""
        self._wires.call(lambda: self._become(State.SILENT))

    def mend(self) -> None:
        """As before. What was sent into silence arrives now."""
        self._wires.call(lambda: self._become(State.OPEN))

    def close(self) -> None:
        self.cut()
        self._wires.call(self._server.close)
        self._port.release()

    def _become(self, state: State) -> None:
        self._state = state
        if state is State.SILENT:
            self._passes.clear()
        else:
            self._passes.set()
        if state is State.CUT:
            for writer in list(self._open):
                writer.transport.abort()

    async def _listen(self) -> asyncio.Server:
        self._passes.set()
        return await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, reuse_port=True, backlog=200
        )

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._state is State.CUT:
            writer.transport.abort()
            return
        self._open.add(writer)
        there: asyncio.StreamWriter | None = None
        try:
            await self._passes.wait()
            answers, there = await asyncio.open_connection("127.0.0.1", self._target)
            self._open.add(there)
            directions = [
                asyncio.create_task(self._pump(reader, there)),
                asyncio.create_task(self._pump(answers, writer)),
            ]
            await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
            for direction in directions:
                direction.cancel()
        except OSError:
            pass  # nobody is there: reset here too
        finally:
            for end in (writer, there):
                if end is not None:
                    self._open.discard(end)
                    end.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(1 << 16):
                await self._passes.wait()
                sink.write(data)
                await sink.drain()
        except OSError:
            return
