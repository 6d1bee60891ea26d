"""rensa as its README shows: RMinHashDeduplicator, full-set R-MinHash of 128 rows over all shingles (not the
rho pipeline, which samples positions). It keeps the first and answers false for a unit it takes for a copy."""

import json
import sys

from rensa import RMinHashDeduplicator

THRESHOLD, ROWS, WIDTH = 0.8, 128, 5


def shingles(text):
    words = text.split()
    return [" ".join(words[i : i + WIDTH]) for i in range(max(1, len(words) - WIDTH + 1))]


def main(path, out):
    dedup = RMinHashDeduplicator(threshold=THRESHOLD, num_perm=ROWS, use_lsh=True)
    ids = []

    def pairs():
        with open(path, encoding="utf-8") as lines:
            for record in map(json.loads, lines):
                ids.append(record["id"])
                yield record["id"], shingles(record["text"])

    keep = dedup.add_pairs(pairs())
    with open(out, "w") as file:
        file.writelines(name + "\n" for name, kept in zip(ids, keep, strict=True) if not kept)


if __name__ == "__main__":
    main(*sys.argv[1:])
