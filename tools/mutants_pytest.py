"""For mutants.py: pytest that has collected its tests, and runs some of them when it is told to.

tests/mutants/forked.py is the other end.
"""

import json
import os
import pathlib
import signal
import subprocess
import threading
import time


class CollectedTests:
    """Those of one call of pytest. `run()` may be called by several threads at once."""

    def __init__(self, command: list[str], root: pathlib.Path, environment: dict[str, str]):
        asked, self._ask = os.pipe()
        self._begun, begun = os.pipe()
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [*command, "-s", "-p", "forked"],
            cwd=root,
            env=environment | {"LATCHKEY_FORKED_PIPES": f"{asked},{begun}"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(asked, begun),
            start_new_session=True,
        )
        os.close(asked)
        os.close(begun)
        self._answers = os.fdopen(self._begun)
        if self._answers.readline() != "0\n":
            raise RuntimeError(f"pytest does not begin: {command}")

    def run(
        self, tests: list[str], binary: pathlib.Path, folder: pathlib.Path, patience: float
    ) -> tuple[int | None, str]:
        """The exit code, none when it takes longer than its patience, and the first failure."""
        result = folder / "result.json"
        asked = {"tests": tests, "binary": str(binary), "result": str(result)}
        with self._lock:
            os.write(self._ask, f"{json.dumps(asked)}\n".encode())
            child = int(self._answers.readline())
        deadline = time.monotonic() + patience
        while not result.exists():
            if time.monotonic() > deadline:
                os.killpg(child, signal.SIGKILL)
                return None, ""
            if not pathlib.Path(f"/proc/{child}").exists() and not result.exists():
                return 1, ""
            time.sleep(0.05)
        said = json.loads(result.read_text())
        failed = said["failed"] or said["ended"] != "well"
        return int(bool(failed)), said["failed"]
