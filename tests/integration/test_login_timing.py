"""The time of a refusal does not tell which users exist."""

import random
import statistics

from support.matrix_client import new_client
from support.secrets import password

TRIES = 1000  # half of them for a user who exists

# So that a hash takes a few milliseconds: far more than all the rest of a refusal.
HASHES = {"hash_memory": "8MiB", "hash_passes": 1, "hash_threads": 1}

# How often a refusal of the one kind took longer than one of the other (Mann-Whitney's U as a
# share): 0.5 when time tells nothing. By chance it is off by 0.018 (one standard deviation, for
# 500 against 500), so that 0.1 is more than five of them; without the hash it is 0 or 1.
FAIR = 0.5
TOLERANCE = 0.1


def share_longer(ones: list[float], others: list[float]) -> float:
    """The share of pairs in which the one is the longer, by ranks; ties count half."""
    everything = sorted([(time, True) for time in ones] + [(time, False) for time in others])
    rank_sum = 0.0
    begin = 0
    while begin < len(everything):
        end = begin
        while end < len(everything) and everything[end][0] == everything[begin][0]:
            end += 1
        mean_rank = (begin + 1 + end) / 2
        rank_sum += mean_rank * sum(of_ones for _, of_ones in everything[begin:end])
        begin = end
    smaller = rank_sum - len(ones) * (len(ones) + 1) / 2
    return smaller / (len(ones) * len(others))


def test_the_rank_test_sees_a_difference():
    """It would be no guard if it found everything fair."""
    noise = random.Random(1)
    calm = [noise.expovariate(1) for _ in range(500)]
    assert abs(share_longer(calm, [noise.expovariate(1) for _ in range(500)]) - FAIR) < TOLERANCE
    assert share_longer(calm, [noise.expovariate(1) + 0.5 for _ in range(500)]) < FAIR - TOLERANCE
    assert share_longer([1.0, 2.0], [1.0, 2.0]) == 0.5
    assert share_longer([2.0, 3.0], [0.0, 1.0]) == 1.0


def test_an_unknown_user_takes_as_long_as_a_wrong_password(make_sqlite_server):
    server = make_sqlite_server(passwords=HASHES, log={"level": "info"})
    known = new_client(server.api).store.user
    unknown = "x" * len(known)

    def refusal(name: str) -> float:
        answer = server.api.login(name, password())
        assert answer.status_code == 403, answer.text
        return answer.elapsed.total_seconds()  # from the first byte sent to the last received

    for _ in range(20):
        refusal(known)
        refusal(unknown)
    # In pairs, in an order that nothing else on the machine can know: what slows one kind down
    # slows down the other.
    times = {known: [], unknown: []}
    for _ in range(TRIES // 2):
        for name in random.sample([known, unknown], 2):
            times[name].append(refusal(name))

    share = share_longer(times[unknown], times[known])
    medians = {name: statistics.median(of_name) * 1000 for name, of_name in times.items()}
    assert abs(share - FAIR) < TOLERANCE, (
        f"an unknown user took longer than a wrong password in {share:.1%} of the pairs; medians: "
        f"{medians[unknown]:.2f} ms unknown, {medians[known]:.2f} ms known"
    )
