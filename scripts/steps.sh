# Sourced by scripts/test and .ci/run: named steps with their seconds, and a summary of them.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$top"
export PATH="$top/.cache/tools/bin:$PATH"
step_lines=()
step_passed=0
step_failed=0

# Runs a command as a step and goes on whether it passes or not: `step NAME COMMAND…`.
step() {
  local name=$1 began=$SECONDS outcome=passed
  shift
  printf '\n== %s\n' "$name"
  if "$@" </dev/null; then step_passed=$((step_passed + 1)); else
    outcome="FAILED ($?)"
    step_failed=$((step_failed + 1))
  fi
  step_lines+=("$(printf '%-44s %6d s  %s' "$name" $((SECONDS - began)) "$outcome")")
  [ "$outcome" = passed ]
}

# Prints all steps; the last line counts them. Fails when one failed.
summary() {
  printf '\n== summary\n'
  printf '%s\n' "${step_lines[@]}"
  printf 'total %d s\n' "$SECONDS"
  printf '%s: %d passed, %d failed\n' "$1" "$step_passed" "$step_failed"
  [ "$step_failed" = 0 ]
}
