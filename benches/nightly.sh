#!/usr/bin/env bash
# What a night costs on archives of several sizes.
#
# benches/nightly.sh ARTICLES.jsonl WORK-FOLDER RESULT-FOLDER SIZE...      (sizes such as 0.5GB 1GB 2GB 5GB)
#
# For each size: makes a corpus of that size and a night of 1 % of it (`generate.rs`, one seed for all: replicas of
# the articles, the night a sample of the same); then measures the first load, the night against the index (three times, undone in between), the night's records
# audited alone (three times), opening the index, and queries. Needs about three times the largest size in the
# work folder. Raw figures go to RESULT-FOLDER/nightly-SIZE.txt: user and system CPU seconds, wall-clock
# seconds, and the most memory in KB of each run; at the end what a night costs beside its audit alone. REDITE and GENERATE
# name other binaries than the builds of here.
set -euo pipefail
cd "$(dirname "$0")/.."
articles=$(realpath "$1"); mkdir -p "$2" "$3"; work=$(realpath "$2"); results=$(realpath "$3"); shift 3
[ -n "${REDITE:-}" ] || cargo build --release --quiet
redite=$(realpath "${REDITE:-${CARGO_TARGET_DIR:-target}/release/redite}")
generate=(cargo bench --quiet --bench generate --)
[ -z "${GENERATE:-}" ] || generate=("$(realpath "$GENERATE")")
flags=(--units document,paragraph,passage --threshold 0.8 --quiet)

# name, command...: its figures, as a line
measured() {
  local name=$1; shift
  /usr/bin/time -o "$work/time" -f "%U user + %S system s, %e s wall, %M KB" "$@" >"$work/stdout"
  echo "$name: $(cat "$work/time")"
}

# name, times, command...: milliseconds of each
milliseconds() {
  local name=$1 times=$2 start end all=""; shift 2
  for _ in $(seq "$times"); do
    start=$(date +%s%N); "$@" >"$work/stdout"; end=$(date +%s%N)
    all+=" $(awk "BEGIN { printf \"%.1f\", ($end - $start) / 1e6 }")"
  done
  echo "$name:$all ms wall"
}

# name, file: CPU seconds, the middle one of all runs of that name
middle() {
  grep "^$1:" "$2" | awk '{ print $(NF - 10) + $(NF - 7) }' | sort -n | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'
}

for size in "$@"; do
  number=${size%?B}; unit=${size#"$number"}
  night=$(awk "BEGIN { printf \"%.6f\", $number / 100 }")$unit
  rm -rf "$work/corpus" "$work/index" "$work/clean"
  {
    echo "# $size, a night of $night; $("$redite" --version); $(date -u +%F); $(nproc) cores"
    "${generate[@]}" "$articles" "$work/corpus" --sizes "$size,$night" | sed "s|$work/||"
    cd "$work"
    measured "first load" "$redite" dedup corpus/part-0.jsonl --index index --output clean "${flags[@]}"
    rm -rf clean
    "$redite" index stats index
    for _ in 1 2 3; do
      measured "night" "$redite" dedup corpus/part-1.jsonl --index index --output clean "${flags[@]}"
      rm -rf clean
      "$redite" index rollback index >stdout
    done
    for _ in 1 2 3; do
      measured "night audited alone" "$redite" audit corpus/part-1.jsonl "${flags[@]}"
    done
    milliseconds "opening (index stats)" 5 "$redite" index stats index
    echo "word" >word.txt
    milliseconds "query of a text of one word" 5 "$redite" query --index index word.txt --quiet
    # the first texts of 2 to 6 kB of the night
    grep -oE '"text":"([^"\\]|\\.)*"' corpus/part-1.jsonl \
      | awk 'length > 2000 && length < 6000 && ++n <= 3 { print "{" $0 "}" > ("article-" n ".jsonl") }'
    for article in article-?.jsonl; do
      milliseconds "query of $article ($(wc -c <"$article") bytes)" 5 \
        "$redite" query --index index "$article" --quiet
      measured "query of $article" "$redite" query --index index "$article" --quiet
    done
    cd - >/dev/null
  } | tee "$results/nightly-$size.txt"
  night=$(middle "night" "$results/nightly-$size.txt"); alone=$(middle "night audited alone" "$results/nightly-$size.txt")
  echo "a night: $night CPU s, $(awk "BEGIN { printf \"%.2f\", $night / $alone }") times its audit alone ($alone)" \
    | tee -a "$results/nightly-$size.txt"
done
rm -rf "$work/corpus" "$work/index" "$work/clean"
