"""What text-dedup would remove, from the clusters it dumps: all units of a cluster but the first.

(It keeps the root of its union-find, which need not be the first.)"""

import pickle
import sys


def main(saved, out):
    with open(f"{saved}/uf.pkl", "rb") as file:
        clusters = pickle.load(file)
    first = {}
    for unit in list(clusters.parent):
        root = clusters.find(unit)
        first[root] = min(first.get(root, unit), unit)
    with open(out, "w") as file:
        file.writelines(f"{unit}\n" for unit in list(clusters.parent) if first[clusters.find(unit)] != unit)


if __name__ == "__main__":
    main(*sys.argv[1:])
