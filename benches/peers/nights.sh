#!/usr/bin/env bash
# nights.sh FILE.jsonl [OUT_FOLDER]: incrededup and redite load DOCUMENTS_MB (150) of the file, then three nights of one
# per cent of it each; writes peers-nights.tsv. PEERS_HOME: where all this lives.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export PEERS_HOME=${PEERS_HOME:-$here/../../target/peers}
file=$(realpath "$1") && out=$(mkdir -p "${2:-$PEERS_HOME/out}" && realpath "${2:-$PEERS_HOME/out}")
"$here/install.sh"
PEERS_HOME=$(realpath "$PEERS_HOME") && work=$PEERS_HOME/nights && mkdir -p "$work"
"$PEERS_HOME/sketch/bin/python" "$here/prepare.py" "$file" "$work" "${DOCUMENTS_MB:-150}" 1 > "$out/peers-nights-truth.txt"
"$PEERS_HOME/sketch/bin/python" "$here/nights.py" "$work" "$out"
