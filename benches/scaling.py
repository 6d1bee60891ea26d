#!/usr/bin/env python3
"""CPU seconds a gigabyte against the size of the corpus: pieces, figures, plot. Python's own library only.

    scaling.py draw FILE.jsonl SHARE OUT.jsonl    a share of the lines, drawn by their hash, in their order
    scaling.py measure REDITE OUT.tsv FILE...     appends the figures of each file, two threads within 2 GiB: three
                                                  runs, the middle one; of more than 2 GB one run
    scaling.py plot IN.tsv OUT.svg                the plot

Files of whole replicas grow in size alone: `cargo bench --bench generate -- real.jsonl DIR --sizes 1060MB --replicas 3`.
Temporary files go to the folder that TMPDIR names.
"""

import csv
import hashlib
import math
import os
import subprocess
import sys
import tempfile
import time

JOBS = {
    "dedup, documents": ["dedup"],
    "documents, paragraphs": ["audit", "--threshold", "0.8", "--units", "document,paragraph"],
    "and passages": ["audit", "--threshold", "0.8", "--units", "document,paragraph,passage"],
}
COLUMNS = ("job", "file", "bytes", "user", "system", "wall", "peak_mb")
COLOURS = ("#3a7d44", "#1f5fa8", "#b3541e")
ONE_RUN = 2e9


def draw(path, share, out):
    limit = int(float(share) * 2**64)
    with open(path, "rb") as lines, open(out, "wb") as file:
        for line in lines:
            if int.from_bytes(hashlib.blake2b(line, digest_size=8).digest(), "big") < limit:
                file.write(line)


def run(redite, job, path):
    """User, system and wall-clock seconds, and the peak in MB; matches or the corpus written."""
    with tempfile.TemporaryDirectory() as folder:
        to = ["--output", f"{folder}/clean"] if job[0] == "dedup" else ["--matches", f"{folder}/matches.jsonl"]
        bounds = ["--threads", "2", "--memory", "2GiB", "--temp-dir", folder, "--quiet"]
        command = [redite, *job, *bounds, *to, path]
        start = time.monotonic()
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(command)}: exit code {child.returncode}")
    return usage.ru_utime, usage.ru_stime, wall, usage.ru_maxrss * 1024 / 1e6


def measure(redite, out, *paths):
    new = not os.path.exists(out)
    with open(out, "a", newline="") as file:
        rows = csv.writer(file, delimiter="\t", lineterminator="\n")
        if new:
            rows.writerow(COLUMNS)
        for path in paths:
            size = os.path.getsize(path)
            runs = 1 if size > ONE_RUN else 3
            for job, command in JOBS.items():
                all_runs = sorted((run(redite, command, path) for _ in range(runs)), key=lambda r: r[0] + r[1])
                user, system, wall, peak = all_runs[runs // 2]
                name = os.path.basename(path)
                rows.writerow((job, name, size, f"{user:.2f}", f"{system:.2f}", f"{wall:.1f}", f"{peak:.0f}"))
                file.flush()
                print(f"{name}, {job}: {(user + system) / size * 1e9:.2f} CPU-seconds a gigabyte")


def plot(path, out):
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    series = {}
    for row in rows:
        size = int(row["bytes"]) / 1e9
        series.setdefault(row["job"], []).append((size, (float(row["user"]) + float(row["system"])) / size))
    sizes = sorted({x for points in series.values() for x, _ in points})
    top = step_above(max(y for points in series.values() for _, y in points) * 1.15)
    width, height, left, right, above, below = 720, 360, 64, 150, 24, 48
    low, high = math.log(sizes[0] / 1.2), math.log(sizes[-1] * 1.2)
    across = lambda x: left + (math.log(x) - low) / (high - low) * (width - left - right)
    up = lambda y: height - below - y / top * (height - above - below)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13">',
        "<title>CPU seconds a gigabyte against the size of the corpus</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for tick in range(6):
        y = top * tick / 5
        parts.append(f'<path d="M{left} {up(y):.1f}H{width - right}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 8}" y="{up(y) + 4:.1f}" text-anchor="end">{y:g}</text>')
    for size in sizes:
        parts.append(f'<text x="{across(size):.1f}" y="{height - below + 18}" text-anchor="middle">{size:.2g}</text>')
    parts.append(f'<text x="{(left + width - right) / 2}" y="{height - 10}" text-anchor="middle">gigabytes of JSON lines</text>')
    parts.append(f'<text x="{left}" y="{above - 9}">CPU seconds a gigabyte, two threads within 2 GiB</text>')
    for (job, points), colour in zip(series.items(), COLOURS, strict=False):
        points.sort()
        line = "L".join(f"{across(x):.1f} {up(y):.1f}" for x, y in points)
        parts.append(f'<path d="M{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for x, y in points:
            parts.append(f'<circle cx="{across(x):.1f}" cy="{up(y):.1f}" r="3.5" fill="{colour}"/>')
            parts.append(f'<text x="{across(x):.1f}" y="{up(y) - 9:.1f}" text-anchor="middle">{y:.1f}</text>')
        x, y = points[-1]
        parts.append(f'<text x="{across(x) + 14:.1f}" y="{up(y) + 4:.1f}" fill="{colour}">{job}</text>')
    with open(out, "w") as file:
        file.write("\n".join(parts) + "\n</svg>\n")


def step_above(value):
    """The next round number that divides into five round steps."""
    power = 10 ** math.floor(math.log10(value))
    return next(power * step for step in (1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10) if power * step >= value)


if __name__ == "__main__":
    verbs = {"draw": (draw, 3, 3), "measure": (measure, 3, 99), "plot": (plot, 2, 2)}
    verb, least, most = verbs.get(sys.argv[1] if len(sys.argv) > 1 else "", (None, 0, 0))
    if not verb or not least <= len(sys.argv) - 2 <= most:
        raise SystemExit(__doc__)
    verb(*sys.argv[2:])
