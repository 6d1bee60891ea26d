"""datasketch as its documentation shows: MinHash of 128 rows, MinHashLSH for the threshold, candidates filtered
by the estimate. Keep-first: a unit with a match is flagged, another one is inserted."""

import json
import sys

from datasketch import MinHash, MinHashLSH

THRESHOLD, ROWS, WIDTH = 0.8, 128, 5


def shingles(text):
    words = text.encode().split()
    return {b" ".join(words[i : i + WIDTH]) for i in range(max(1, len(words) - WIDTH + 1))}


def main(path, out):
    lsh, kept, flagged = MinHashLSH(threshold=THRESHOLD, num_perm=ROWS), {}, []
    with open(path, encoding="utf-8") as lines:
        records = map(json.loads, lines)
        ids = []

        def sets():
            for record in records:
                ids.append(record["id"])
                yield shingles(record["text"])

        for sketch in MinHash.generator(sets(), num_perm=ROWS):
            name = ids[-1]
            if any(sketch.jaccard(kept[other]) >= THRESHOLD for other in lsh.query(sketch)):
                flagged.append(name)
            else:
                lsh.insert(name, sketch)
                kept[name] = sketch
    with open(out, "w") as file:
        file.writelines(name + "\n" for name in flagged)


if __name__ == "__main__":
    main(*sys.argv[1:])
