# shellcheck shell=bash
# What the scripts in ci/ share. Sourced, never run.
#
# A caller sets `set -euo pipefail`, sources this file and gets $root (the repository), a `guarded`
# way to run a program that cannot outlive the script, and `build_release`.

root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
build_dir=$root/build/release
guarded_pid=

# Prints the comment block that opens a script: the manual is written once, at the top of the file.
manual() { sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$1"; }

die() {  # die STATUS MESSAGE...
  local status=$1
  shift
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit "$status"
}

# The processes of a session, whatever process groups they made for themselves.
session_pids() {
  local stat line state session
  for stat in /proc/[0-9]*/stat; do
    { read -r line <"$stat"; } 2>/dev/null || continue
    # pid (name) state ppid pgrp session …: the name may hold anything, so cut at the last ')'.
    read -r state _ _ session _ <<<"${line##*) }"
    [[ $session == "$1" && $state != Z ]] && echo "${line%% *}"
  done
  return 0
}

end_guarded() {
  [[ -n $guarded_pid ]] || return 0
  local pids tick
  for tick in {1..50}; do
    mapfile -t pids < <(session_pids "$guarded_pid")
    ((${#pids[@]})) || break
    # TERM first, so that a program can end what it started in sessions of its own; KILL after 4 s.
    if ((tick == 1)); then kill -TERM "${pids[@]}" 2>/dev/null || true; fi
    if ((tick >= 40)); then kill -KILL "${pids[@]}" 2>/dev/null || true; fi
    sleep 0.1
  done
  guarded_pid=
}

exec 3>&2  # the script's own stderr, also while a phase writes to its log
trap end_guarded EXIT
trap 'printf "\n%s: interrupted\n" "${0##*/}" >&3; exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# Runs a program in a session of its own and waits. Whatever ends this script, Ctrl-C, TERM or an
# error, ends that whole session. Signals are back to their defaults in there: a shell ignores INT
# in its background jobs, and tests of signals would inherit that.
guarded() {
  env --default-signal=INT,QUIT setsid "$@" </dev/null 3>&- &
  guarded_pid=$!
  local status=0
  wait "$guarded_pid" || status=$?
  [[ -z $(session_pids "$guarded_pid") ]] ||
    echo "${0##*/}: '${1##*/}' left processes running; they are ended now" >&3
  end_guarded
  return "$status"
}

# phase LOG NAME COMMAND...: one line with the seconds it took; the end of the log when it fails.
phase() {
  local log=$1 name=$2 status=0 start=$SECONDS
  shift 2
  printf '%-10s' "$name"
  guarded "$@" >>"$log" 2>&1 || status=$?
  if ((status == 0)); then
    printf ' ok %5d s\n' $((SECONDS - start))
    return 0
  fi
  printf ' FAILED after %d s; the last lines of %s:\n' $((SECONDS - start)) "$log"
  tail -n 40 "$log"
  return "$status"
}

# build_release TARGET: installs what is missing, configures and builds the target (`all`; or
# `touchstone`, which brings along each program that a user runs, and no test). Any failure here
# means "could not run": status 3.
build_release() {
  "$root/ci/bootstrap" || exit 3
  mkdir -p "$build_dir"
  local log=$build_dir/build.log fresh=()
  : >"$log"
  # A tree that was moved or copied carries a cache of its old place, which CMake refuses.
  if [[ -f $build_dir/CMakeCache.txt ]] &&
     ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$build_dir/CMakeCache.txt"; then
    fresh=(--fresh)
  fi
  cd "$root" || exit 3
  phase "$log" configure cmake --preset release "${fresh[@]}" || exit 3
  phase "$log" build cmake --build --preset release --parallel "$(nproc)" --target "$1" || exit 3
}
