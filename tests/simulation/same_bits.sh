#!/usr/bin/env bash
# same_bits.sh COVEY-SIM TASK: one worker or three, masked or plain, in one go or with an end between the rounds: one model.
set -euo pipefail
sim=$1
task=$2
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT

model_of() { tail -n 1 "$1/metrics.jsonl" | grep -o '"model_sha256":"[0-9a-f]*"'; }

"$sim" run "$task" --quiet --out "$folder/one" --workers 1
"$sim" run "$task" --quiet --out "$folder/three" --workers 3
"$sim" run "$task" --quiet --out "$folder/plain" --set secure.mode=plain
"$sim" run "$task" --quiet --out "$folder/halves" --rounds 1
"$sim" run --quiet --resume "$folder/halves" --rounds 2
expected=$(model_of "$folder/one")
for run in three plain halves; do
  found=$(model_of "$folder/$run")
  if [[ $found != "$expected" ]]; then
    echo "$run: expected $expected, found $found" >&2
    exit 1
  fi
done
