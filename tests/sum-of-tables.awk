# Adds up what the case runner says of each table, and passes on what it says of single cases.
/^  (ran on|skipped) .*: [0-9]+ cases$/ {
  count = $(NF - 1)
  sub(/: [0-9]+ cases$/, "")
  counts[$0] += count
  next
}
/^[0-9]+ cases of [0-9]+ operations, [0-9]+ failed, / {
  cases += $1
  operations += $4
  failed += $6
  seconds += $8
  next
}
{ print }
END {
  for (label in counts) printf "%s: %d cases\n", label, counts[label] | "sort"
  close("sort")
  printf "%d cases of %d operations, %d failed, %.1f s of processes\n", cases, operations, failed, seconds
  exit cases == 0
}
