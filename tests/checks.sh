# The steps of `./voxkern test` and `./voxkern format`; read by the launcher, whose functions it uses.

checks=0
failed=
cuda_total=0
cuda_budget=0

# A step that the ones after it do not need: its failure is remembered.
check() {
  checks=$((checks + 1))
  step "$@" || failed="$failed $2"
}

# As check, after the seconds that the step may take in CI: what is there for GPUs has ten minutes in all. With --all
# it takes what it takes.
# cuda_check BUDGET LABEL LOG COMMAND
cuda_check() {
  [ -n "$all" ] || budget=$1
  cuda_budget=$((cuda_budget + $1))
  shift
  cuda_begin=$(seconds)
  check "$@"
  cuda_total=$((cuda_total + $(seconds) - cuda_begin))
  budget=
}

cpp_sources() {
  find "$top/native" "$top/kernels" -name target -prune -o \( -name '*.cpp' -o -name '*.h' -o -name '*.cu' \) -print
}

check_cpp_format() { cpp_sources | xargs -P 2 -n 20 clang-format --dry-run -Werror; }
check_java_format() { maven -q -N spotless:check; }

check_bindings() {
  generated=$(mktemp -d)
  "$top/native/generate-bindings" "$generated"
  diff -r "$generated" "$top/native/src/gen/java" || {
    echo "native/src/gen differs from what include/voxkern gives: run native/generate-bindings"
    return 1
  }
  rm -r "$generated"
}

# The native library, and beside it ITK's own registration, which the Java tests compare with: one file that takes two
# minutes. It is linked with FFTW (GPL) and never shipped; without FFTW the tests that need it say so.
build_native_and_baseline() {
  configure_native || return 1
  baseline=voxkern_itk_baseline
  has_target $baseline || baseline=
  ninja -C "$native" all $baseline
}

# The native case runner under some sanitizers: build_cases FOLDER SANITIZERS
build_cases() {
  folder=$top/native/target/$1
  [ -f "$folder/build.ninja" ] || cmake -S "$top/native" -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=Debug \
    -DCMAKE_CXX_FLAGS_DEBUG='-O1 -g1' -DVOXKERN_CASES=ON -DVOXKERN_ITK=OFF \
    "-DVOXKERN_SANITIZE=$2" || return 1
  ninja -C "$folder"
}

# run_cases FOLDER [WORDS]
run_cases() {
  runner=$top/native/target/$1/cases/vk_cases
  shift
  if [ $# -gt 0 ]; then
    "$runner" "$top"/tests/cases/*.txt -- "$@"
    return
  fi
  # The largest tables first, so that no process is left with one at the end.
  status=0
  ls -S "$top"/tests/cases/*.txt | xargs -P "$(nproc)" -n 1 "$top/tests/native-cases" "$runner" > "$state/tables.log" ||
    status=1
  awk -f "$top/tests/sum-of-tables.awk" "$state/tables.log" && return $status
}

# Compares what tests/emulated-cases left: nothing may depend on the order of threads or on what memory held.
same_bits() {
  others=0
  for first in "$1"/*.1.libvoxkern_cuda_emulated.so; do
    operation=${first##*/}
    operation=${operation%%.*}
    for run in "$1/$operation".*; do
      cmp -s "$first" "$run" && continue
      echo "$operation has other bits in ${run##*/} than in ${first##*/}:"
      diff "$first" "$run" | grep '^>' | head -n 5
      others=1
    done
  done
  [ $others -eq 0 ] && echo "the same bits in every run"
}

# The kernels for CUDA on the emulator: first it has to find what is wrong with wrong ones; then the cases of every
# folder that has a kernel, under the sanitizers in several orders of threads, and in the build that looks for races,
# with the same bits in each; every kernel has to run in some case.
# run_emulator SEEDS
run_emulator() {
  folder=$top/native/target/cases
  "$folder/cuda-emulator/emulator_test" && "$folder/cuda-emulator/emulator_test_races" || return 1
  export VOXKERN_EMULATOR_KERNELS="$state/kernels-that-ran"
  bits=$state/emulated-bits
  rm -rf "$VOXKERN_EMULATOR_KERNELS" "$bits"
  mkdir -p "$bits"
  # Once a folder, however many such files it has.
  for kernel in "$top"/kernels/*/*_cuda.cu; do
    operation=${kernel%/*}
    for seed in $1; do echo "${operation##*/} $seed libvoxkern_cuda_emulated.so"; done
    echo "${operation##*/} 1 libvoxkern_cuda_races.so"
  done | sort -u | xargs -P "$(nproc)" -n 3 "$top/tests/emulated-cases" "$folder/cases/vk_cases" "$bits" || return 1
  same_bits "$bits" || return 1
  "$top/tests/kernels-that-ran" "$folder/libvoxkern_cuda_emulated.so" "$VOXKERN_EMULATOR_KERNELS"
}

# The log of the last step, indented.
show() { sed 's/^/  /' "$state/$1.log"; }

java_tests() {
  # Maven's own chatter stays in the log.
  {
    maven package -Dvoxkern.testdata="${VOXKERN_TESTDATA:-}" "$@" 2>&1 || touch "$state/maven.failed"
  } | tee "$state/maven.log" | grep --line-buffered -E \
    '^\[(WARNING|INFO)\] *Tests run:|\[SKIPPED\]|^\[ERROR\]|FAILURE' |
    sed -u 's/^.*\[SKIPPED\]/[SKIPPED]/' || true
  [ ! -e "$state/maven.failed" ]
}

# Every test once more on the newer JDK; without --all only the packaging tests run there.
java_tests_on_jdk25() {
  jdk25=${VOXKERN_JDK25:-/usr/lib/jvm/temurin-25-jdk-amd64}
  if [ ! -x "$jdk25/bin/java" ]; then
    echo "[SKIPPED] 1: needs JDK 25 in $jdk25"
    return 0
  fi
  say "Java tests on JDK 25"
  checks=$((checks + 1))
  java_tests "-Djvm=$jdk25/bin/java" "$@"
}

run_test() {
  cd "$top"
  begin=$(seconds)
  mkdir -p "$state"
  rm -f "$state/maven.failed"
  properties= words= all=
  for argument; do
    case $argument in
      --all) all=yes ;;
      -D*) properties="$properties $argument" ;;
      *) words="$words $argument" ;;
    esac
  done
  [ -z "$all" ] || properties="$properties -Dvoxkern.excluded="

  if [ -n "$words" ]; then
    step "native library" native build_native || exit 1
  else
    step "native library, ITK baseline" native build_native_and_baseline || exit 1
    has_target voxkern_itk_baseline || echo '[SKIPPED] 1: needs libfftw3-dev to build the ITK baseline'
  fi
  step "native cases, with sanitizers: build" cases-build build_cases cases address,undefined || exit 1
  check "native cases" cases run_cases cases $words
  show cases
  if [ -n "$all" ]; then
    step "native cases, with the thread sanitizer: build" threads-build build_cases threads thread || exit 1
    check "native cases with the thread sanitizer" threads run_cases threads $words
    show threads
  else
    echo '[SKIPPED] 1: the thread sanitizer takes about six minutes: ./voxkern test --all'
  fi
  if [ -n "$words" ]; then
    # Replays case lines only.
    java_tests $properties -pl tests -am "-Dvoxkern.case=$words" -Dtest=CaseTableTest \
      -Dsurefire.failIfNoSpecifiedTests=false || failed="$failed java"
  else
    seeds='1 2'
    [ -z "$all" ] || seeds='1 2 3 4 5 6 7 8 9 10'
    cuda_check 240 "CUDA kernels on the emulator" emulator run_emulator "$seeds"
    show emulator
    cuda_check 30 "cuDNN, which a library stands in for" cudnn "$top/tests/cudnn-cases" "$top/native/target/cases"
    show cudnn
    if has_target voxkern_cuda; then
      if [ -n "$all" ]; then
        check "CUDA kernels by nvcc, all architectures" nvcc build_cuda_jar
      else
        cuda_check 240 "CUDA kernels by nvcc" nvcc ninja -C "$native" voxkern_cuda
      fi
    else
      echo '[SKIPPED] 1: needs nvcc 12 or newer to compile the CUDA kernels for real'
    fi
    # Without sanitizers, which a JVM does not take.
    if has_target voxkern_cuda_emulated; then
      cuda_check 90 "CUDA kernels on the emulator, for Java" emulated \
        ninja -C "$native" voxkern_cuda_emulated cudnn_stand_in
    fi
    [ -n "$all" ] || say "CUDA in all: $cuda_total s, budget $cuda_budget s"
    check "C++ format" cpp-format check_cpp_format
    check "Java format" java-format check_java_format
    check "bindings" bindings check_bindings
    say "Java tests"
    checks=$((checks + 1))
    java_tests $properties || failed="$failed java"
    [ -z "$all" ] || java_tests_on_jdk25 $properties || failed="$failed jdk25"
  fi
  total=$(($(seconds) - begin))
  [ -z "$failed" ] || die "FAILED:$failed (logs in $state); $total s"
  say "$((checks)) checks passed, $total s"
}

run_format() {
  cpp_sources | xargs -P 2 -n 20 clang-format -i
  step "Java" java-format maven -q -N spotless:apply
}
