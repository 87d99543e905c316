"""The wall clock of a server under test, moved while it runs (fake_clock.c)."""

import atexit
import functools
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_SOURCE = Path(__file__).with_name("fake_clock.c")


@functools.cache
def _library() -> Path:
    compiler = shutil.which("clang-19") or shutil.which("cc")
    if not compiler:
        raise RuntimeError("no C compiler for fake_clock.c")
    folder = Path(tempfile.mkdtemp(prefix="latchkey-clock-"))
    atexit.register(shutil.rmtree, folder)
    library = folder / "fake_clock.so"
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, _SOURCE],
        check=True,
    )
    return library


class Clock:
    """What `time()` says to the programs started with `environment()`.

    A change takes effect at once. The monotonic clock stays the real one: timeouts of connections
    are not what these tests are about.
    """

    def __init__(self, directory: Path):
        self._file = directory / "clock"
        self._offset = 0.0
        self._file.write_bytes(bytes(8))

    @property
    def offset(self) -> float:
        return self._offset

    def move_to(self, offset: float) -> None:
        """Sets the clock to the real time plus `offset` seconds."""
        self._offset = offset
        # Eight bytes in place: those who have mapped the file see them change as one.
        with self._file.open("r+b", buffering=0) as file:
            file.write(struct.pack("=q", round(offset * 1e9)))

    def advance(self, seconds: float) -> None:
        self.move_to(self._offset + seconds)

    def environment(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(_library()), "LATCHKEY_TEST_CLOCK": str(self._file)}
