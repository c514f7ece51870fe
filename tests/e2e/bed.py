"""The test bed of a job: a lab that tells when it broke by itself."""

import contextlib

from lab import Lab


class BedBroke(Exception):
    """Not Rollcall failed but what it is tested with: the server ended although nobody asked it to."""


@contextlib.contextmanager
def bed(version, folder, **how):
    """A lab of three pods; BedBroke when its database has ended by itself, whatever else went wrong."""
    with Lab.up(version, pods=3, dir=folder, **how) as lab:
        try:
            yield lab
        finally:
            if not lab.database_runs():
                raise BedBroke("the lab's MariaDB ended by itself; its log says:\n" + lab.database_log())
