#!/usr/bin/env bash
# Installs the pinned peers from PyPI and crates.io into $PEERS_HOME, and builds this tree's redite. Nothing else
# is fetched. Needs Python 3.12 ($PYTHON) and Rust.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
home=${PEERS_HOME:-$here/../../target/peers}
mkdir -p "$home" && home=$(cd "$home" && pwd)
[ -x "$home/uv/bin/uv" ] || { "${PYTHON:-python3.12}" -m venv "$home/uv" && "$home/uv/bin/pip" install -q uv==0.13.9; }
for name in sketch datatrove text-dedup dolma; do
  [ -x "$home/$name/bin/python" ] || "$home/uv/bin/uv" venv -q --python "${PYTHON:-python3.12}" "$home/$name"
  "$home/uv/bin/uv" pip sync -q --python "$home/$name/bin/python" "$here/requirements/$name.txt"
done
# dolma fetches sentence models when it is imported unless it finds a folder of that name; it needs none here
mkdir -p "$home/nltk/tokenizers/punkt"
[ -x "$home/incrededup/bin/incrededup" ] ||
  CARGO_TARGET_DIR="$home/target" cargo install -q incrededup --version 0.3.1 --locked --root "$home/incrededup"
CARGO_TARGET_DIR="$home/target" cargo build -q --release --manifest-path "$here/Cargo.toml"
CARGO_TARGET_DIR="$home/target" cargo build -q --release --locked --manifest-path "$here/../../Cargo.toml"
