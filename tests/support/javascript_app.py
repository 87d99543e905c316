"""An app on matrix-js-sdk (tests/e2e/js), whose person is the test."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from support.oidc import NODE

STORIES = Path(__file__).parents[1] / "e2e/js"


def run_app(story: str, opened: Callable[[str], str], **environment: str) -> None:
    """Runs a story to its end. `opened`: what the person does at an address that the app opens, and
    what the app is told then."""
    with subprocess.Popen(
        [NODE, STORIES / story],
        env={"PATH": os.environ["PATH"]} | environment,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as app:
        said = []
        try:
            for line in app.stdout:
                said.append(line)
                if line.startswith("open "):
                    app.stdin.write(opened(line.removeprefix("open ").strip()) + "\n")
                    app.stdin.flush()
            assert app.wait(timeout=60) == 0, "".join(said)[-6000:]
        finally:
            app.kill()
