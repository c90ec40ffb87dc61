"""When a job has had its time.

A job that streams ten gigabytes of records may take hours, a small file that loops may not. So three bounds:
silence on the wall (a blocked medium), silence in the worker's own CPU seconds (a loop: independent of how busy the
machine is), and CPU seconds in all, as a budget that every MiB read in or put out adds to (a reader that drips).
The worker's CPU is read by the parent from the kernel's clock of that process; the worker cannot touch it.
"""

import time

from trackway.sandbox.protocol import Limits

MIB = 1 << 20


def cpu_seconds(pid: int) -> float:
    """CPU seconds that a process has used; 0 for one that is gone. Source: clock_getcpuclockid(3)."""
    try:
        return time.clock_gettime(((~pid) << 3) | 2)
    except OSError:
        return 0.0


class Clock:
    """The time of one job in one worker. ``heard`` on every frame; ``overdue`` gives the sentence, or None."""

    def __init__(self, pid: int, limits: Limits, size: int) -> None:
        self._pid = pid
        self._limits = limits
        self._start_cpu = self._heard_cpu = cpu_seconds(pid)
        self._heard = time.monotonic()
        self._bytes = size

    def heard(self, size: int) -> None:
        """A frame of ``size`` bytes came."""
        self._bytes += size
        self.resume()

    def resume(self) -> None:
        """The parent listens again: what passed while it was busy elsewhere is not the worker's silence."""
        self._heard = time.monotonic()
        self._heard_cpu = cpu_seconds(self._pid)

    def overdue(self) -> str | None:
        limits, cpu = self._limits, cpu_seconds(self._pid)
        if time.monotonic() - self._heard > limits.silence_s:
            return f"nothing came of it for {limits.silence_s:g} seconds"
        if cpu - self._heard_cpu > limits.silence_cpu_s:
            return f"nothing came of {limits.silence_cpu_s:g} seconds of computing"
        budget = limits.cpu_s + limits.cpu_s_per_mib * self._bytes / MIB
        if cpu - self._start_cpu > budget:
            return f"it used up the {budget:.0f} seconds of computing that its size allows"
        return None
