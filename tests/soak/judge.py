"""What the samples of a process say: whether it grows. Pure."""

import dataclasses

MOST_RSS_PER_HOUR = 1.0      # MiB
MOST_COUNT_PER_HOUR = 1.0    # descriptors, threads, children
WINDOW = 600                 # s
FEWEST_WINDOWS = 3
COUNTS = ("descriptors", "threads", "children")


@dataclasses.dataclass(frozen=True)
class Sample:
    """Of one moment; `at` in seconds since the start, memory in MiB, `cpu` in seconds so far."""
    at: float
    rss: float
    pss: float
    anonymous: float     # heap, stacks and what else is of no file
    descriptors: int
    threads: int
    children: int
    cpu: float


def slope_per_hour(points):
    """Of (seconds, value), by least squares."""
    count = len(points)
    if not count:
        return 0.0
    mean_x = sum(x for x, _ in points) / count
    mean_y = sum(y for _, y in points) / count
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    if not spread:
        return 0.0
    return 3600 * sum((x - mean_x) * (y - mean_y) for x, y in points) / spread


def slopes(samples):
    return {field: slope_per_hour([(one.at, getattr(one, field)) for one in samples])
            for field in ("rss", "pss", "anonymous", *COUNTS)}


def floors(samples):
    """Of each count the fewest in each WINDOW: what leaked is there at every moment, while connections and children that
    come and go by the dozen say little of how many there are on average. {field: [fewest]}"""
    windows = [[] for _ in range(int((samples[-1].at - samples[0].at) // WINDOW))]
    for one in samples:
        number = int((one.at - samples[0].at) // WINDOW)
        if number < len(windows):     # the last one is not whole
            windows[number].append(one)
    return {field: [min(getattr(one, field) for one in part) for part in windows if part] for field in COUNTS}


def floor_slopes(samples):
    return {field: slope_per_hour([(number * WINDOW, count) for number, count in enumerate(fewest)])
            for field, fewest in floors(samples).items()}


def problems(samples, warm_up):
    """Sentences; empty when the process does not grow after `warm_up` seconds."""
    settled = [one for one in samples if one.at >= warm_up]
    if not settled or settled[-1].at - settled[0].at < FEWEST_WINDOWS * WINDOW:
        return [f"the samples after the warm-up are too few to tell: {FEWEST_WINDOWS * WINDOW // 60} minutes are needed"]
    told = []
    memory = slopes(settled)["rss"]
    if memory >= MOST_RSS_PER_HOUR:
        told.append(f"its memory grows by {memory:.2f} MiB an hour")
    for field, grows in floor_slopes(settled).items():
        if grows >= MOST_COUNT_PER_HOUR:
            told.append(f"its {field} grow by {grows:.1f} an hour")
    return told


def differences(seen, wanted):
    """Between sets of (code, pod, id): sentences."""
    return [f"missed: {' '.join(one)}" for one in sorted(wanted - seen)] + \
           [f"invented: {' '.join(one)}" for one in sorted(seen - wanted)]
