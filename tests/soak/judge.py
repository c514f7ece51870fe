"""What the samples of a process say: whether it grows. Pure."""

import dataclasses

MOST_RSS_PER_HOUR = 1.0      # MiB
MOST_COUNT_PER_HOUR = 1.0    # descriptors, threads, children
HELD = 600                   # s after which a descriptor is held, which no connection of the soak is: its pods live for less
FEWEST_SAMPLES = 30          # of which it is known what was held


@dataclasses.dataclass(frozen=True)
class Sample:
    """Of one moment; `at` in seconds since the start, memory in MiB, `cpu` in seconds so far."""
    at: float
    rss: float
    pss: float
    anonymous: float     # heap, stacks and what else is of no file
    open: frozenset      # (descriptor, what it leads to)
    threads: int
    children: int
    cpu: float

    @property
    def descriptors(self):
        return len(self.open)


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


def held(samples):
    """(seconds, descriptors that had been open for HELD by then): what leaked is among them, and nothing that comes and goes
    by the dozen, of which there is now more and now less."""
    since, told = {}, []
    for one in samples:
        since = {file: since.get(file, one.at) for file in one.open}
        if one.at - samples[0].at >= HELD:
            told.append((one.at, sum(one.at - opened >= HELD for opened in since.values())))
    return told


def slopes(samples, warm_up):
    settled = [one for one in samples if one.at >= warm_up]
    grows = {field: slope_per_hour([(one.at, getattr(one, field)) for one in settled])
             for field in ("rss", "pss", "anonymous", "descriptors", "threads", "children")}
    return grows | {"descriptors held": slope_per_hour([(at, count) for at, count in held(samples) if at >= warm_up])}


def problems(samples, warm_up):
    """Sentences; empty when the process does not grow after `warm_up` seconds."""
    known = [at for at, _ in held(samples) if at >= warm_up]
    if len(known) < FEWEST_SAMPLES:
        return [f"{len(known)} samples after the warm-up are too few to tell: {FEWEST_SAMPLES} are needed"]
    grows = slopes(samples, warm_up)
    told = []
    if grows["rss"] >= MOST_RSS_PER_HOUR:
        told.append(f"its memory grows by {grows['rss']:.2f} MiB an hour")
    for field in ("descriptors held", "threads", "children"):
        if grows[field] >= MOST_COUNT_PER_HOUR:
            told.append(f"its {field} grow by {grows[field]:.1f} an hour")
    return told


def differences(seen, wanted):
    """Between sets of (code, pod, id): sentences."""
    return [f"missed: {' '.join(one)}" for one in sorted(wanted - seen)] + \
           [f"invented: {' '.join(one)}" for one in sorted(seen - wanted)]
