"""Makes the inputs of all tools from one JSONL file: one normalisation, one sample, the same every time.

    prepare.py FILE.jsonl FOLDER DOCUMENTS_MB PARAGRAPHS_MB

Words are compatibility-composed, case-folded, without punctuation, and separated by one space; a character of
a script written without spaces is a word. So every tool that splits at white space sees the same words.

documents.jsonl   documents, their paragraphs separated by a line feed; `id` is the record number
paragraphs.jsonl  paragraphs of at least ten words, of documents drawn in the same way, each as a document of its
                  own; `id` is the record number
all-paragraphs.jsonl  the paragraphs of documents.jsonl of at least ten words; `id` is record:paragraph

A document is drawn by the hash of its line, and the drawn ones stay in the order of the file.
"""

import hashlib
import json
import re
import sys
import unicodedata

LEAST = 10
ALONE = (
    "\u0e01-\u0e3a\u0e40-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005\u3007\u3021-\u3029\u3041-\u3096"
    "\u309d-\u309f\u30a1-\u30fa\u30fd-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
WORD = re.compile(f"[{ALONE}]|[^\\W_{ALONE}]+")


def words(line):
    return " ".join(WORD.findall(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", line).casefold())))


def record(name, text):
    return json.dumps({"id": name, "text": text}, ensure_ascii=False) + "\n"


def main(path, folder, documents_mb, paragraphs_mb):
    limits = [float(documents_mb) * 1e6, float(paragraphs_mb) * 1e6]
    drawn = []  # hash, line number, lines of words, size as a document, size as paragraphs
    with open(path, "rb") as lines:
        # Draw with room to spare first: what prepared text weighs is only known once it is prepared.
        hashes = [(hashlib.blake2b(line, digest_size=8).digest(), len(line)) for line in lines]
    room, last = 1.6 * max(limits[0], 2.5 * limits[1]), b""
    for digest, size in sorted(hashes):
        last, room = digest, room - size
        if room < 0:
            break
    with open(path, "rb") as lines:
        for number, line in enumerate(lines):
            if hashes[number][0] <= last:
                made = [text for text in map(words, json.loads(line)["text"].split("\n")) if text]
                if made:
                    long = [(i, text) for i, text in enumerate(made) if text.count(" ") + 1 >= LEAST]
                    whole = len(record("00000", "\n".join(made)).encode())
                    parts = sum(len(record("00000:00", text).encode()) for _, text in long)
                    drawn.append((hashes[number][0], number, made, long, whole, parts))
    ends = []
    for which, limit in enumerate(limits):
        end = b""
        for one in sorted(drawn, key=lambda one: one[0]):
            limit -= one[4 + which]
            if limit < 0:
                break
            end = one[0]
        ends.append(end)
    counts = [0, 0, 0]
    with (
        open(f"{folder}/documents.jsonl", "w", encoding="utf-8") as documents,
        open(f"{folder}/paragraphs.jsonl", "w", encoding="utf-8") as paragraphs,
        open(f"{folder}/all-paragraphs.jsonl", "w", encoding="utf-8") as all_paragraphs,
    ):
        for digest, _, made, long, _, _ in drawn:
            if digest <= ends[0]:
                documents.write(record(str(counts[0]), "\n".join(made)))
            for number, text in long:
                if digest <= ends[0]:
                    all_paragraphs.write(record(f"{counts[0]}:{number}", text))
                    counts[2] += 1
                if digest <= ends[1]:
                    paragraphs.write(record(str(counts[1]), text))
                    counts[1] += 1
            if digest <= ends[0]:
                counts[0] += 1
    print(f"{counts[0]} documents, {counts[2]} paragraphs; {counts[1]} paragraphs as documents")


if __name__ == "__main__":
    main(*sys.argv[1:])
