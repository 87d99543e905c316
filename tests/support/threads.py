"""Things that happen at the same time."""

import threading
from collections.abc import Callable


def together(*actions: Callable[[], object]) -> None:
    """All at once, as close as threads go."""
    barrier = threading.Barrier(len(actions))
    faults: list[BaseException] = []

    def run(action):
        try:
            barrier.wait(10)
            action()
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
