"""Runs every tool on the prepared files and scores what it flags against the exact truth.

    run.py FOLDER OUT

`precision` is the share of what a tool flags that has an earlier unit of Jaccard 0.8; `recall` the share of the units with
an earlier original (law 1) that it flags; `recall_earlier` the same of the units with any earlier match, which a tool
that compares with kept units only need not reach."""

import gzip
import json
import os
import shutil
import sys

from measure import cpu, measure, repeated

HOME = os.environ["PEERS_HOME"]
HERE = os.path.dirname(os.path.abspath(__file__))
RUST = f"{HOME}/target/release"


def python(tool):
    return f"{HOME}/{tool}/bin/python"


def read_flagged(path):
    with open(path) as lines:
        return {line.rstrip("\n") for line in lines}


def fresh(folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    return folder


class Tool:
    """A command for a prepared file and how to read from its output what it flags, after the clock has stopped."""

    files = ("documents", "paragraphs")

    def __init__(self, work):
        self.work = work
        self.out = f"{work}/{type(self).__name__}"
        self.environment = {}

    def prepare(self, name):
        fresh(self.out)

    def file(self, name):
        return f"{self.work}/{name}.jsonl"

    def scored(self, name):
        """The truth to score with, and the ids flagged."""
        return [(name, read_flagged(f"{self.out}/flagged"))]


class Redite(Tool):
    label = "redite"
    units = "document"

    def command(self, name):
        return [
            f"{RUST}/redite", "audit", "--threshold", "0.8", "--shingle", "5", "--units", self.units, "--paragraphs",
            "line", "--threads", "1", "--matches", f"{self.out}/matches.jsonl", "--quiet", self.file(name),
        ]  # fmt: skip

    def scored(self, name):
        flagged = {"document": set(), "paragraph": set()}
        with open(f"{self.out}/matches.jsonl", encoding="utf-8") as lines:
            for line in lines:
                found = json.loads(line)
                copy = found["copy"]
                place = "" if found["unit"] == "document" else f":{copy['paragraph']}"
                flagged[found["unit"]].add(f"{copy['record']}{place}")
        both = [(name, flagged["document"]), ("all-paragraphs", flagged["paragraph"])]
        return both[: len(self.units.split(","))]


class RediteBoth(Redite):
    label = "redite, documents and paragraphs in one pass"
    units = "document,paragraph"
    files = ("documents",)


class Gaoya(Tool):
    label = "gaoya 0.2.2"
    shingles = "strings"

    def command(self, name):
        return [f"{RUST}/peers", "gaoya", self.shingles, self.file(name), f"{self.out}/flagged"]


class GaoyaSlices(Gaoya):
    label = "gaoya 0.2.2, shingles hashed in place"
    shingles = "slices"


class Rensa(Tool):
    label = "rensa 0.5.0"

    def command(self, name):
        return [python("sketch"), f"{HERE}/tools/rensa_deduplicator.py", self.file(name), f"{self.out}/flagged"]


class Datasketch(Tool):
    label = "datasketch 2.0.0"

    def command(self, name):
        return [python("sketch"), f"{HERE}/tools/datasketch_lsh.py", self.file(name), f"{self.out}/flagged"]


class Datatrove(Tool):
    label = "datatrove 0.10.1"

    def prepare(self, name):
        # it reads folders
        fresh(self.out)
        os.makedirs(f"{self.out}/input")
        os.link(self.file(name), f"{self.out}/input/a.jsonl")

    def command(self, name):
        folders = [f"{self.out}/{folder}" for folder in ("input", "flagged", "work")]
        return [python("datatrove"), f"{HERE}/tools/datatrove_minhash.py", *folders]


class TextDedup(Tool):
    label = "text-dedup 0.4.0"

    def prepare(self, name):
        fresh(self.out)
        self.environment = {"HF_HOME": f"{self.out}/home", "HF_HUB_OFFLINE": "1"}

    def command(self, name):
        return [
            python("text-dedup"), "-m", "text_dedup.minhash", "--path", "json", "--data_files", self.file(name),
            "--split", "train", "--cache_dir", f"{self.out}/cache", "--output", f"{self.out}/kept", "--column", "text",
            "--ngram", "5", "--min_length", "1", "--threshold", "0.8", "--num_proc", "1", "--debug",
        ]  # fmt: skip

    def scored(self, name):
        reader = [python("text-dedup"), f"{HERE}/tools/text_dedup_clusters.py", f"{self.out}/kept", f"{self.out}/flagged"]
        measure(reader, f"{self.out}/log", self.environment)
        return super().scored(name)


class Dolma(Tool):
    label = "dolma 1.2.1, equal texts only"
    options = ()

    def prepare(self, name):
        fresh(self.out)
        os.makedirs(f"{self.out}/documents")
        os.makedirs(f"{self.out}/tmp")
        with open(self.file(name), "rb") as lines:
            self.count = sum(1 for _ in lines)
        with open(self.file(name), "rb") as file, gzip.open(f"{self.out}/documents/a.jsonl.gz", "wb", 1) as zipped:
            shutil.copyfileobj(file, zipped)
        self.environment = {"NLTK_DATA": f"{HOME}/nltk", "TMPDIR": f"{self.out}/tmp"}

    def unit(self, name):
        if name == "documents":
            return ["--dedupe.documents.attribute_name", "dup", "--dedupe.documents.key", "$.text"]
        return ["--dedupe.paragraphs.attribute_name", "dup"]

    def command(self, name):
        return [
            f"{HOME}/dolma/bin/dolma", "dedupe", "--documents", f"{self.out}/documents/*", "--dedupe.name", "found",
            *self.unit(name), *self.options, "--bloom_filter.file", f"{self.out}/bloom",
            "--no-bloom_filter.read_only", "--bloom_filter.estimated_doc_count", str(self.expected()),
            "--bloom_filter.desired_false_positive_rate", "1e-6", "--processes", "1",
        ]  # fmt: skip

    def expected(self):
        return self.count

    def scored(self, name):
        with gzip.open(f"{self.out}/attributes/found/a.jsonl.gz", "rt", encoding="utf-8") as lines:
            records = [json.loads(line) for line in lines]
        return [(name, {one["id"] for one in records if one["attributes"].get("dup")})]


class DolmaNgrams(Dolma):
    label = "dolma 1.2.1, n-grams"
    files = ("paragraphs",)
    options = (
        "--dedupe.paragraphs.by_ngram.ngram_length", "5", "--dedupe.paragraphs.by_ngram.stride", "1",
        "--dedupe.paragraphs.by_ngram.overlap_threshold", "0.8",
    )  # fmt: skip

    def expected(self):
        with open(f"{self.work}/paragraphs.jsonl", "rb") as file:
            return sum(line.count(b" ") for line in file)


TOOLS = (Redite, RediteBoth, Gaoya, GaoyaSlices, Rensa, Datasketch, Dolma, DolmaNgrams, TextDedup, Datatrove)
COLUMNS = (
    "tool", "file", "bytes", "user", "system", "wall", "peak_mb", "units", "flagged", "recall", "precision", "recall_earlier",
    "command",
)  # fmt: skip


def truth(work, name):
    with open(f"{work}/{name}.tsv") as lines:
        rows = [line.split() for line in lines]
    return len(rows), {row[0] for row in rows if row[1] == "1"}, {row[0] for row in rows if row[2] == "1"}


def ratio(part, whole):
    return f"{part / whole:.4f}" if whole else "-"


def main(work, out):
    only = os.environ.get("ONLY")
    rows = []
    with open(f"{out}/peers.tsv", "w") as file:
        file.write("\t".join(COLUMNS) + "\n")
        for kind in TOOLS:
            if only and kind.__name__.lower() not in only.lower().split(","):
                continue
            for name in kind.files:
                tool = kind(work)

                def run(tool=tool, name=name):
                    tool.prepare(name)
                    return measure(tool.command(name), f"{tool.out}/log", tool.environment)

                figures = repeated(run)
                for against, flagged in tool.scored(name):
                    units, earlier, copies = truth(work, against)
                    values = (
                        kind.label, name if against == name else f"{name}: paragraphs",
                        os.path.getsize(f"{work}/{name}.jsonl"), f"{figures['user']:.2f}", f"{figures['system']:.2f}",
                        f"{figures['wall']:.2f}", f"{figures['peak_mb']:.0f}", units, len(flagged),
                        ratio(len(flagged & copies), len(copies)), ratio(len(flagged & earlier), len(flagged)),
                        ratio(len(flagged & earlier), len(earlier)),
                        " ".join(os.path.relpath(word, HOME) if word.startswith(HOME) else os.path.relpath(word, HERE)
                                 if word.startswith(HERE) else word for word in tool.command(name)),
                    )  # fmt: skip
                    rows.append(dict(zip(COLUMNS, values, strict=True)))
                    file.write("\t".join(map(str, values)) + "\n")
                    file.flush()
                    print(f"{kind.label}, {name}: {cpu(figures):.1f} CPU-seconds", flush=True)
    with open(f"{out}/peers.md", "w") as file:
        file.write(table(rows))


def table(rows):
    """The table of the documentation: MB of text a CPU-second, recall and precision, peak memory."""
    by_tool = {}
    for row in rows:
        by_tool.setdefault(row["tool"], {})[row["file"]] = row
    seconds = lambda row: float(row["user"]) + float(row["system"])
    percent = lambda value: value if value == "-" else f"{100 * float(value):.2f}"
    base = by_tool.get(Redite.label, {})
    lines = [
        "| | documents: MB a CPU-second | Redite's CPU times | recall, precision % | paragraphs: MB a CPU-second "
        "| Redite's CPU times | recall, precision % | peak MB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for tool, files in by_tool.items():
        cells = [tool]
        for name in ("documents", "paragraphs"):
            row = files.get(name) or files.get(f"documents: {name}")
            cells += ["", ""]
            if row and row["file"] == name:
                times = f"{seconds(row) / seconds(base[name]):.1f}" if name in base else ""
                cells[-2:] = [f"{row['bytes'] / 1e6 / seconds(row):.1f}", times]
            cells.append(f"{percent(row['recall'])}, {percent(row['precision'])}" if row else "")
        cells.append(" / ".join(row["peak_mb"] for name, row in files.items() if ":" not in name))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main(*sys.argv[1:])
