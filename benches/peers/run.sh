#!/usr/bin/env bash
# run.sh FILE.jsonl [OUT_FOLDER]: installs, prepares, computes the truth, runs all tools, writes peers.tsv and peers.md.
# DOCUMENTS_MB, PARAGRAPHS_MB: how much of the file; ONLY=gaoya,redite: some tools; PEERS_HOME: where all this lives.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export PEERS_HOME=${PEERS_HOME:-$here/../../target/peers}
file=$(realpath "$1") && out=$(mkdir -p "${2:-$PEERS_HOME/out}" && realpath "${2:-$PEERS_HOME/out}")
"$here/install.sh"
PEERS_HOME=$(realpath "$PEERS_HOME") && work=$PEERS_HOME/work && mkdir -p "$work"
"$PEERS_HOME/sketch/bin/python" "$here/prepare.py" "$file" "$work" "${DOCUMENTS_MB:-150}" "${PARAGRAPHS_MB:-93}" | tee "$out/peers-truth.txt"
for name in documents paragraphs all-paragraphs; do
  "$PEERS_HOME/target/release/peers" truth "$work/$name.jsonl" "$work/$name.tsv" | sed "s|$work/||" | tee -a "$out/peers-truth.txt"
done
"$PEERS_HOME/sketch/bin/python" "$here/run.py" "$work" "$out"
