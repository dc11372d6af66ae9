# `./voxkern gpu-check`: everything that only a GPU can say, in one report; read by the launcher, whose functions it uses.

# A section of the report from a step: gpu_step TITLE NAME COMMAND...
gpu_step() {
  title=$1 name=$2
  shift 2
  printf '\n## %s\n\n' "$title" >> "$report"
  if step "$title" "$name" "$@"; then outcome=passed; else outcome=FAILED failed="$failed $name"; fi
  printf '\n%s. The whole log: `%s`\n\n' "$outcome" "$state/$name.log" >> "$report"
}

# The case runner and the kernels for this GPU, without sanitizers.
build_gpu() {
  [ -f "$gpu/build.ninja" ] || cmake -S "$top/native" -B "$gpu" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DVOXKERN_CASES=ON -DVOXKERN_ITK=OFF -DVOXKERN_CUDA_ARCHITECTURES=native || return 1
  ninja -C "$gpu" vk_cases voxkern_cuda
}

# Runs every table by the own kernels, and writes a row for each into the report: run_gpu_cases [PREFIX...]
run_gpu_cases() { run_gpu_tables '*' env VOXKERN_CUDNN=off "$@"; }

# The tables of which cuDNN computes a part, by cuDNN wherever it can.
run_gpu_cudnn_cases() {
  run_gpu_tables 'conv3d*' env VOXKERN_CUDNN_WHEREVER_POSSIBLE=yes &&
    run_gpu_tables '*_pool' env VOXKERN_CUDNN_WHEREVER_POSSIBLE=yes
}

# run_gpu_tables PATTERN [PREFIX...]
run_gpu_tables() {
  bad=0 pattern=$1
  shift
  printf '| table | ran on the GPU | refused | failed |\n|---|---|---|---|\n' >> "$report"
  for table in "$top"/tests/cases/$pattern.txt; do
    log=$state/gpu-cases.one
    "$@" "$gpu/cases/vk_cases" --device cuda "$table" > "$log" 2>&1 || bad=1
    cat "$log"
    awk -v table="$(basename "$table" .txt)" '
      /^ *ran on cuda:/ { ran += $4 }
      /^ *skipped cuda:/ { refused += $(NF - 1) }
      / cases of .* failed,/ { failures = $(NF - 3) }
      END { printf "| %s | %d | %d | %s |\n", table, ran, refused, failures == "" ? "stopped" : failures }
    ' "$log" >> "$report"
  done
  return $bad
}

java_on_gpu() {
  maven package -pl tests -am -Dtest=DeviceCaseTest#allCases -Dvoxkern.excluded= -Dsurefire.failIfNoSpecifiedTests=false -Dvoxkern.device=cuda
}

run_gpu_check() {
  report=${1:-$top/voxkern-gpu-report.md} gpu=$top/native/target/gpu
  command -v nvidia-smi > /dev/null 2>&1 || die "no GPU here: there is no nvidia-smi, which comes with NVIDIA's driver"
  cards=$(nvidia-smi --query-gpu=name,driver_version,memory.total,compute_cap --format=csv,noheader 2>&1) ||
    die "no GPU here: nvidia-smi says: $cards"
  command -v nvcc > /dev/null 2>&1 || die "a GPU is here, but nvcc, which compiles the kernels for it, is not"
  require_packages "$build_packages
$test_packages"
  mkdir -p "$state"
  {
    printf '# Voxkern on a GPU\n\n%s, revision %s\n\n' "$(date -u +%Y-%m-%dT%H:%MZ)" \
      "$(git -C "$top" rev-parse --short HEAD 2> /dev/null || echo unknown)"
    printf 'card, driver, memory, compute capability:\n\n```\n%s\n```\n\n%s\n' "$cards" "$(nvcc --version | tail -n 2)"
  } > "$report"
  gpu_step "Build" gpu-build build_gpu
  if [ -z "$failed" ]; then
    gpu_step "Case tables" gpu-cases run_gpu_cases
    if ldconfig -p | grep -q 'libcudnn\.so\.[89]'; then
      gpu_step "Case tables by cuDNN" gpu-cudnn run_gpu_cudnn_cases
    else
      printf '\n## cuDNN\n\nis not installed: skipped.\n' >> "$report"
      echo '[SKIPPED] 1: needs cuDNN 8 or 9'
    fi
    if command -v compute-sanitizer > /dev/null 2>&1; then
      for tool in memcheck racecheck synccheck initcheck; do
        gpu_step "Case tables under compute-sanitizer, $tool" "gpu-$tool" \
          run_gpu_cases compute-sanitizer --tool "$tool" --error-exitcode 9
      done
    else
      printf '\n## compute-sanitizer\n\nis not installed: skipped.\n' >> "$report"
      echo '[SKIPPED] 1: needs compute-sanitizer'
    fi
    gpu_step "Native library and kernels for Java" gpu-native build_native_with_kernels
    gpu_step "Case tables through Java" gpu-java java_on_gpu
    grep -E 'Tests run:|\[SKIPPED\]' "$state/gpu-java.log" | tail -n 40 | sed 's/^/    /' >> "$report" || true
    gpu_step "Benchmarks" gpu-bench "$top/voxkern" bench operations --all --device cuda --out "$state/gpu-bench"
    sed -n '/^medians/,$p' "$state/gpu-bench.log" | sed 's/^/    /' >> "$report"
  fi
  say "report: $report"
  [ -z "$failed" ] || die "FAILED:$failed"
}

build_native_with_kernels() { build_native && ninja -C "$native" voxkern_cuda; }
