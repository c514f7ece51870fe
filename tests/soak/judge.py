"""What the samples of a process say: whether it grows. Pure."""

import dataclasses

MOST_RSS_PER_HOUR = 1.0      # MiB
MOST_COUNT_PER_HOUR = 1.0    # descriptors, threads, children
FEWEST_SAMPLES = 30


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
    mean_x = sum(x for x, _ in points) / count
    mean_y = sum(y for _, y in points) / count
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    if not spread:
        return 0.0
    return 3600 * sum((x - mean_x) * (y - mean_y) for x, y in points) / spread


def slopes(samples):
    return {field: slope_per_hour([(one.at, getattr(one, field)) for one in samples])
            for field in ("rss", "pss", "anonymous", "descriptors", "threads", "children")}


def problems(samples, warm_up):
    """Sentences; empty when the process does not grow after `warm_up` seconds."""
    settled = [one for one in samples if one.at >= warm_up]
    if len(settled) < FEWEST_SAMPLES:
        return [f"{len(settled)} samples after the warm-up are too few to tell: {FEWEST_SAMPLES} are needed"]
    grows = slopes(settled)
    told = []
    if grows["rss"] >= MOST_RSS_PER_HOUR:
        told.append(f"its memory grows by {grows['rss']:.2f} MiB an hour")
    for field in ("descriptors", "threads", "children"):
        if grows[field] >= MOST_COUNT_PER_HOUR:
            told.append(f"its {field} grow by {grows[field]:.1f} an hour")
    return told


def differences(seen, wanted):
    """Between sets of (code, pod, id): sentences."""
    return [f"missed: {' '.join(one)}" for one in sorted(wanted - seen)] + \
           [f"invented: {' '.join(one)}" for one in sorted(seen - wanted)]
