"""datatrove's four stages as its example shows, 14 buckets of 8 rows, one task and one worker a stage.

The normaliser is switched off and words are split at white space, so that its words are those of the file.
All units of a cluster but the first are flagged (it keeps the root of its union-find, which need not be the first)."""

import os
import struct
import sys

from datatrove.executor.local import LocalPipelineExecutor
from datatrove.pipeline.dedup import MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import (
    MinhashConfig,
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
)
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers.jsonl import JsonlWriter
from datatrove.utils.hashing import HashConfig
from datatrove.utils.text import TextNormConfig
from datatrove.utils.word_tokenizers import WordTokenizer


class WhiteSpace(WordTokenizer):
    def word_tokenize(self, text):
        return text.split()

    def sent_tokenize(self, text):
        return [text]

    def span_tokenize(self, text):
        return [(0, len(text))]


def main(folder, out, work):
    config = MinhashConfig(
        n_grams=5,
        hash_config=HashConfig(precision=64),
        norm_config=TextNormConfig(
            lowercase=False,
            norm_whitespace=False,
            remove_punctuation=False,
            norm_unicode_diacritics=False,
            norm_numbers=False,
        ),
    )
    reader = JsonlReader(folder, compression=None)
    stages = [
        ([reader, MinhashDedupSignature(f"{work}/signatures", config, WhiteSpace())], 1),
        ([MinhashDedupBuckets(f"{work}/signatures", f"{work}/buckets", config=config)], config.num_buckets),
        ([MinhashDedupCluster(f"{work}/buckets", f"{work}/remove", config=config, save_cluster_id=True)], 1),
        (
            [
                reader,
                MinhashDedupFilter(f"{work}/remove", exclusion_writer=JsonlWriter(f"{work}/removed")),
                JsonlWriter(f"{work}/kept"),
            ],
            1,
        ),
    ]
    for number, (pipeline, tasks) in enumerate(stages):
        LocalPipelineExecutor(pipeline, tasks=tasks, workers=1, logging_dir=f"{work}/logs/{number}").run()
    first, flagged = {}, []
    clusters = f"{work}/remove/000000.clusters"
    with open(clusters if os.path.exists(clusters) else os.devnull, "rb") as file:
        for unit, cluster in sorted(struct.iter_unpack("<2I", file.read())):
            if first.setdefault(cluster, unit) != unit:
                flagged.append(unit)
    with open(out, "w") as file:
        file.writelines(f"{unit}\n" for unit in flagged)


if __name__ == "__main__":
    main(*sys.argv[1:])
