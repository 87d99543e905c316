"""The wall clock of a server under test, moved while it runs."""

from pathlib import Path

_LIBRARY = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Clock:
    """What `time()` says to the programs started with `environment()`.

    libfaketime reads the offset from a file at every call, so a change takes effect at once. The
    monotonic clock stays the real one: timeouts of connections are not what these tests are about.
    """

    def __init__(self, directory: Path):
        if not _LIBRARY.exists():
            raise RuntimeError("libfaketime is missing: apt install faketime")
        self._file = directory / "clock"
        self._offset = 0.0
        self.move_to(0)

    @property
    def offset(self) -> float:
        return self._offset

    def move_to(self, offset: float) -> None:
        """Sets the clock to the real time plus `offset` seconds."""
        self._offset = offset
        # Replaced, not rewritten: a reader must never see an empty file.
        new = self._file.with_suffix(".new")
        new.write_text(f"{offset:+.3f}\n")
        new.rename(self._file)

    def advance(self, seconds: float) -> None:
        self.move_to(self._offset + seconds)

    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(_LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    @staticmethod
    def clean_up(pid: int) -> None:
        """Removes what libfaketime leaves behind of a process that was killed."""
        for name in (f"faketime_shm_{pid}", f"sem.faketime_sem_{pid}"):
            Path("/dev/shm", name).unlink(missing_ok=True)
