# shellcheck shell=bash
# Building with a preset other than `release`. Sourced after lib.sh, never run.

# build_preset PRESET TARGET...: configures build/PRESET and builds these targets; status 3 if not.
build_preset() {
  local preset=$1 folder=$root/build/$1 fresh=()
  shift
  "$root/ci/bootstrap" || exit 3
  mkdir -p "$folder"
  local log=$folder/build.log
  : >"$log"
  # A tree that was moved or copied carries a cache of its old place, which CMake refuses.
  if [[ -f $folder/CMakeCache.txt ]] &&
     ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$folder/CMakeCache.txt"; then
    fresh=(--fresh)
  fi
  cd "$root" || exit 3
  phase "$log" "$preset" cmake --preset "$preset" "${fresh[@]}" || exit 3
  phase "$log" build cmake --build --preset "$preset" --parallel "$(nproc)" --target "$@" || exit 3
}

# The judge is never instrumented: it is what measures. TOUCHSTONE_JUDGE names one that is there.
judge=${TOUCHSTONE_JUDGE:-$root/build/release/bin/touchstone}
build_judge() {
  [[ -n ${TOUCHSTONE_JUDGE-} ]] || build_preset release touchstone
  [[ -x $judge ]] || die 3 "there is no judge at $judge"
}
