"""A first load and three nights of one per cent of it each, by incrededup and by redite, scored against the exact truth.

    nights.py FOLDER OUT

FOLDER holds documents.jsonl as prepare.py makes it. Of every hundred documents the last three are a night's each, the others
are the first load; the truth is that of all in that order. incrededup reads from and writes to an SQLite database, which
is filled before the clock starts; identifiers rise in corpus order, so that the first of a component is the one kept."""

import json
import os
import shutil
import sqlite3
import sys
import uuid

from measure import cpu, measure

HOME = os.environ["PEERS_HOME"]
RUST = f"{HOME}/target/release"
SCHEMA = """
CREATE TABLE documents (id TEXT PRIMARY KEY, content TEXT NOT NULL, content_len INTEGER NOT NULL, filename TEXT,
                        is_parent INTEGER);
CREATE TABLE dupes (child_id TEXT PRIMARY KEY, parent_id TEXT NOT NULL, jaccard_similarity REAL NOT NULL,
                    size_difference INTEGER NOT NULL, size_difference_pct REAL NOT NULL);
CREATE INDEX idx_documents_is_parent ON documents(is_parent);
"""
COLUMNS = ("tool", "step", "bytes", "documents", "user", "system", "wall", "peak_mb", "index_bytes", "flagged", "recall",
           "precision", "command")  # fmt: skip


def size(path):
    """Bytes that the files of a folder take on the disk."""
    return sum(os.stat(f"{at}/{name}").st_blocks * 512 for at, _, names in os.walk(path) for name in names)


class Incrededup:
    label = "incrededup 0.3.1"

    def __init__(self, work):
        self.work, self.data, self.base = f"{work}/incrededup", f"{work}/incrededup/data", f"{work}/incrededup/texts.db"
        self.step = -1

    def run(self, path, first):
        self.step += 1
        base = sqlite3.connect(self.base)
        if first == 0:
            base.executescript(SCHEMA)
        with open(path, encoding="utf-8") as lines:
            rows = ((first + i, json.loads(line)["text"]) for i, line in enumerate(lines))
            base.executemany(
                "INSERT INTO documents VALUES (?, ?, ?, NULL, NULL)",
                ((str(uuid.UUID(int=number + 1)), text, len(text.encode())) for number, text in rows),
            )
        base.commit()
        base.close()
        self.command = [
            f"{HOME}/incrededup/bin/incrededup", "--sqlite", self.base, "--data-dir", self.data, "--threshold", "0.8",
            "--min-content-len", "1", "--workers", "1",
        ]  # fmt: skip
        return measure(self.command, f"{self.work}/log")

    def index(self):
        return size(self.data)

    def flagged(self, first):
        base = sqlite3.connect(self.base)
        numbers = {uuid.UUID(name).int - 1 for (name,) in base.execute("SELECT id FROM documents WHERE is_parent = 0")}
        base.close()
        return {number for number in numbers if number >= first}


class Redite:
    label = "redite, documents"
    units = "document"

    def __init__(self, work):
        self.work = f"{work}/{type(self).__name__}"
        self.step = -1

    def run(self, path, first):
        self.step += 1
        self.matches = f"{self.work}/matches-{self.step}.jsonl"
        self.command = [
            f"{RUST}/redite", "dedup", "--threshold", "0.8", "--shingle", "5", "--units", self.units, "--paragraphs",
            "line", "--threads", "1", "--index", f"{self.work}/index", "--output", f"{self.work}/clean-{self.step}",
            "--matches", self.matches, "--quiet", path,
        ]  # fmt: skip
        return measure(self.command, f"{self.work}/log")

    def index(self):
        return size(f"{self.work}/index")

    def flagged(self, first):
        with open(self.matches, encoding="utf-8") as lines:
            found = [match for match in map(json.loads, lines) if match["unit"] == "document"]
        # a document contained in another is no copy by Jaccard
        found = [match for match in found if match["kind"] != "contained"]
        return {first + match["copy"]["record"] for match in found}


class RediteAll(Redite):
    label = "redite, documents, paragraphs and passages"
    units = "document,paragraph,passage"


class RediteAudit(Redite):
    """What a night costs at the least: its records audited alone."""

    label = "redite, the night audited alone"

    def run(self, path, first):
        self.command = [
            f"{RUST}/redite", "audit", "--threshold", "0.8", "--shingle", "5", "--units", self.units, "--paragraphs",
            "line", "--threads", "1", "--matches", f"{self.work}/matches.jsonl", "--quiet", path,
        ]  # fmt: skip
        return measure(self.command, f"{self.work}/log")


class RediteAuditAll(RediteAudit):
    label = "redite, the night audited alone, documents, paragraphs and passages"
    units = RediteAll.units


def main(folder, out):
    work = f"{folder}/nights"
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    names = ("first load", "night 1", "night 2", "night 3")
    paths = [f"{work}/{name.replace(' ', '-')}.jsonl" for name in names]
    steps = []
    with open(f"{work}/all.jsonl", "w", encoding="utf-8") as joined:
        first = 0
        for step, (name, path) in enumerate(zip(names, paths, strict=True)):
            number = first
            with open(f"{folder}/documents.jsonl", encoding="utf-8") as lines, open(path, "w", encoding="utf-8") as file:
                for place, line in enumerate(lines):
                    if max(0, place % 100 - 96) == step:
                        record = {"id": str(number), "text": json.loads(line)["text"]}
                        text = json.dumps(record, ensure_ascii=False) + "\n"
                        file.write(text)
                        joined.write(text)
                        number += 1
            steps.append((name, path, first, number - first))
            first = number
    measure([f"{RUST}/peers", "truth", f"{work}/all.jsonl", f"{work}/all.tsv"], f"{out}/peers-nights-truth.txt")
    with open(f"{work}/all.tsv") as lines:
        rows = [row.split() for row in lines]
    earlier, copies = ({int(row[0]) for row in rows if row[column] == "1"} for column in (1, 2))
    with open(f"{out}/peers-nights.tsv", "w") as file:
        file.write("\t".join(COLUMNS) + "\n")
        for kind in (Incrededup, Redite, RediteAll, RediteAudit, RediteAuditAll):
            os.makedirs(f"{work}/{kind.__name__.lower()}" if kind is Incrededup else f"{work}/{kind.__name__}")
            tool = kind(work)
            for step, path, first, documents in steps:
                alone = isinstance(tool, RediteAudit)
                if alone and not first:
                    continue
                figures = tool.run(path, first)
                values = [
                    tool.label, step, os.path.getsize(path), documents, f"{figures['user']:.3f}",
                    f"{figures['system']:.3f}", f"{figures['wall']:.2f}", f"{figures['peak_mb']:.0f}",
                ]  # fmt: skip
                if alone:
                    values += ["-"] * 4
                else:
                    flagged = tool.flagged(first)
                    mine = range(first, first + documents)
                    true = [number for number in mine if number in copies]
                    recall = sum(number in flagged for number in true) / max(1, len(true))
                    precision = len(flagged & earlier) / max(1, len(flagged))
                    values += [tool.index(), len(flagged), f"{recall:.4f}", f"{precision:.4f}"]
                values.append(" ".join(word.replace(f"{HOME}/", "").replace(f"{work}/", "") for word in tool.command))
                file.write("\t".join(map(str, values)) + "\n")
                file.flush()
                print(f"{tool.label}, {step}: {cpu(figures):.2f} CPU-seconds", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
