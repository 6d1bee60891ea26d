"""One command's CPU seconds (user and system, all its processes), wall seconds and peak memory."""

import os
import subprocess
import time

ONE_THREAD = {
    name: "1"
    for name in (
        "RAYON_NUM_THREADS",
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "ARROW_NUM_THREADS",
        "TOKIO_WORKER_THREADS",
    )
}


def measure(command, log, environment=None):
    """Runs the command; `user`, `system`, `wall` in seconds, `peak_mb` of its largest process; fails with it.

    The peak is taken by GNU time: a child of this process begins with this process's own."""
    peak = f"{log}.peak"
    with open(log, "ab") as output:
        start = time.monotonic()
        child = subprocess.Popen(
            ["/usr/bin/time", "-o", peak, "-f", "%M", *command],
            stdout=output,
            stderr=output,
            env={**os.environ, **ONE_THREAD, **(environment or {})},
        )
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: exit code {child.returncode}, see {log}")
    with open(peak) as file:
        kilobytes = int(file.read().split()[-1])
    return {"user": usage.ru_utime, "system": usage.ru_stime, "wall": wall, "peak_mb": kilobytes * 1024 / 1e6}


def repeated(run):
    """Three runs where one is short, the one in the middle by CPU seconds."""
    runs = [run()]
    if cpu(runs[0]) < 30:
        runs += [run(), run()]
    return sorted(runs, key=cpu)[len(runs) // 2]


def cpu(figures):
    return figures["user"] + figures["system"]
