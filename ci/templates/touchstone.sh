#!/usr/bin/env bash
# Judges a host with Touchstone, for any CI that can run a shell script. Copy it into your host's
# repository and fill in the values, or set them in the environment.
#
# usage: touchstone.sh              all of it on this machine
#        touchstone.sh shard 2/4    a part, on one of four machines; then bring the folders report-*
#        touchstone.sh verdict      to one, and put them together
#
# The report is in ./report: report.html for people, junit.xml for the CI, summary.md for a comment.
# Exit status: 0 conformant · 1 not · 2 usage · 3 could not run · 4 a bug in the harness.
set -euo pipefail

: "${TOUCHSTONE_URL:=https://git.example.com/your-organisation/touchstone.git}"
: "${TOUCHSTONE_REF:=main}"    # a tag or a branch
: "${HOST_BUILD:=make my-host}"
: "${HOST:=./my-host}"
: "${POLICY:=pull-request}"    # of touchstone/ci/policies, or a file of your own
: "${SEED:=1}"                 # the same for all shards; a number of the build will do

touchstone=touchstone/build/release/bin/touchstone

# Built once for each revision; the folder may be kept from build to build.
prepare() {
  git init -q touchstone
  git -C touchstone fetch -q --depth 1 "$TOUCHSTONE_URL" "$TOUCHSTONE_REF"
  git -C touchstone checkout -q -f FETCH_HEAD
  touchstone/ci/build --programs
}

judge() {  # judge REPORT-FOLDER FLAGS...
  local folder=$1
  shift
  rm -rf "$folder"
  eval "$HOST_BUILD"
  "$touchstone" gate --plain --policy "$POLICY" --seed "$SEED" --report-dir "$folder" "$@" \
    --host-bin "$HOST"
}

case "${1-}" in
  '')
    prepare
    judge report
    ;;
  shard)
    part=${2:?a shard, such as 2/4}
    prepare
    status=0
    judge "report-${part%/*}" --shard "$part" || status=$?
    # 1: something failed, and the verdict tells it. All else: this shard was not played.
    if [ "$status" -gt 1 ]; then exit "$status"; fi
    ;;
  verdict)
    prepare
    rm -rf report
    "$touchstone" merge report-*/report.json --policy "$POLICY" --report-dir report
    ;;
  *)
    echo "touchstone.sh: unknown word '$1': nothing, shard N/M or verdict" >&2
    exit 2
    ;;
esac
