// Measures memory bandwidth and the peaks of multiply-adds, in single precision and of bfloat16, on
// a number of threads: `voxkern_peaks THREADS` prints one "key value" a line, 0 for what the
// processor does not have. Each figure is the best of several tries,
// because a peak is what the machine can do, not what it did while something else ran.
#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>
#if defined(__x86_64__)
#include <immintrin.h>
#endif
#if defined(__AMX_BF16__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace {

#if defined(__AVX512F__)
constexpr size_t kVectorBytes = 64;
#elif defined(__AVX__)
constexpr size_t kVectorBytes = 32;
#else
constexpr size_t kVectorBytes = 16;
#endif
typedef float Vector __attribute__((vector_size(kVectorBytes), may_alias));

/** Past every cache: 256 MiB a buffer, shared by the threads. */
constexpr size_t kBytes = size_t{256} << 20;
constexpr int kTries = 12;

void store(Vector* to, Vector value) { *to = value; }

/** Around the caches, which saves reading what is about to be overwritten. */
void stream(Vector* to, Vector value) {
#if defined(__AVX512F__)
  _mm512_stream_ps(reinterpret_cast<float*>(to), reinterpret_cast<__m512>(value));
#elif defined(__AVX__)
  _mm256_stream_ps(reinterpret_cast<float*>(to), reinterpret_cast<__m256>(value));
#elif defined(__x86_64__)
  _mm_stream_ps(reinterpret_cast<float*>(to), reinterpret_cast<__m128>(value));
#else
  store(to, value);
#endif
}

void fence() {
#if defined(__x86_64__)
  _mm_sfence();
#endif
}

/** Keeps the compiler from dropping what computes a value. */
void keep(const Vector& value) { asm volatile("" : : "m"(value) : "memory"); }

/** Shortest time in which every thread has done its part, from the first start to the last end. */
template <class Part>
double bestSeconds(int threads, const Part& part) {
  using Clock = std::chrono::steady_clock;
  std::vector<Clock::time_point> starts(threads * kTries);
  std::vector<Clock::time_point> ends(threads * kTries);
  std::barrier gate(threads);
  std::vector<std::thread> workers;
  for (int thread = 0; thread < threads; thread++) {
    workers.emplace_back([&, thread] {
      for (int i = 0; i < kTries; i++) {
        gate.arrive_and_wait();
        // The workers look at the clock: another thread would have to wait for a core to do so.
        starts[i * threads + thread] = Clock::now();
        part(thread);
        ends[i * threads + thread] = Clock::now();
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  double best = 1e30;
  // The first try pays for the pages.
  for (int i = 1; i < kTries; i++) {
    const auto first = std::min_element(&starts[i * threads], &starts[i * threads] + threads);
    const auto last = std::max_element(&ends[i * threads], &ends[i * threads] + threads);
    best = std::min(best, std::chrono::duration<double>(*last - *first).count());
  }
  return best;
}

struct Range {
  size_t begin;
  size_t end;
};

Range share(int thread, int threads) {
  const size_t count = kBytes / sizeof(Vector) / 8;
  return {count * thread / threads * 8, count * (thread + 1) / threads * 8};
}

void* buffer() {
  void* memory = std::aligned_alloc(4096, kBytes);
  if (memory == nullptr) {
    std::fprintf(stderr, "no memory for a buffer of %zu bytes\n", kBytes);
    std::exit(2);
  }
  return memory;
}

void measureMemory(int threads) {
  const std::unique_ptr<void, decltype(&std::free)> source(buffer(), &std::free);
  const std::unique_ptr<void, decltype(&std::free)> target(buffer(), &std::free);
  Vector* a = static_cast<Vector*>(source.get());
  Vector* b = static_cast<Vector*>(target.get());
  const auto write = [&](auto put) {
    return bestSeconds(threads, [&](int thread) {
      const Range range = share(thread, threads);
      for (size_t i = range.begin; i < range.end; i++) put(&a[i], Vector{} + 1.0f);
      fence();
    });
  };
  const auto copy = [&](auto put) {
    return bestSeconds(threads, [&](int thread) {
      const Range range = share(thread, threads);
      for (size_t i = range.begin; i < range.end; i++) put(&b[i], a[i]);
      fence();
    });
  };
  const double writing = std::min(write(stream), write(store));
  const double reading = bestSeconds(threads, [&](int thread) {
    const Range range = share(thread, threads);
    Vector sums[8] = {};
    for (size_t i = range.begin; i < range.end; i += 8) {
      for (size_t k = 0; k < 8; k++) sums[k] += a[i + k];
    }
    for (const Vector& sum : sums) keep(sum);
  });
  const double copying = std::min(copy(stream), copy(store));
  std::printf("read_gb_per_s %.3f\n", kBytes / reading * 1e-9);
  std::printf("write_gb_per_s %.3f\n", kBytes / writing * 1e-9);
  // Bytes read plus bytes written, as STREAM counts.
  std::printf("copy_gb_per_s %.3f\n", 2 * kBytes / copying * 1e-9);
}

void measureArithmetic(int threads) {
  constexpr int kChains = 12;  // more than the units' number times their latency in cycles
  constexpr int kRounds = 4'000'000;
  const double seconds = bestSeconds(threads, [](int) {
    Vector factor = Vector{} + 0.999f;
    Vector term = Vector{} + 0.001f;
    asm volatile("" : "+m"(factor), "+m"(term));
    Vector chains[kChains];
    for (int k = 0; k < kChains; k++) chains[k] = Vector{} + static_cast<float>(k);
    for (int round = 0; round < kRounds; round++) {
      for (int k = 0; k < kChains; k++) chains[k] = chains[k] * factor + term;
    }
    for (const Vector& chain : chains) keep(chain);
  });
  const double operations = 2.0 * kChains * kRounds * (sizeof(Vector) / sizeof(float)) * threads;
  std::printf("fma_gflop_per_s %.2f\n", operations / seconds * 1e-9);
}

/** Pairs of bfloat16 in vectors, summed in single precision. */
double bf16GflopPerS([[maybe_unused]] int threads) {
#if defined(__AVX512BF16__)
  constexpr int kChains = 12;
  constexpr int kRounds = 4'000'000;
  const double seconds = bestSeconds(threads, [](int) {
    __m512bh factor = reinterpret_cast<__m512bh>(_mm512_set1_epi16(0x3F40));
    __m512bh value = factor;
    asm volatile("" : "+v"(factor), "+v"(value));
    __m512 chains[kChains];
    for (int k = 0; k < kChains; k++) chains[k] = _mm512_set1_ps(static_cast<float>(k));
    for (int round = 0; round < kRounds; round++) {
      for (int k = 0; k < kChains; k++) chains[k] = _mm512_dpbf16_ps(chains[k], factor, value);
    }
    for (const __m512& chain : chains) keep(reinterpret_cast<const Vector&>(chain));
  });
  return 4.0 * kChains * kRounds * 16 * threads / seconds * 1e-9;
#else
  return 0;
#endif
}

/** Matrices of bfloat16, summed in single precision. */
double amxBf16GflopPerS([[maybe_unused]] int threads) {
#if defined(__AMX_BF16__)
  constexpr long kRequestPermission = 0x1023;
  constexpr long kTileData = 18;
  if (syscall(SYS_arch_prctl, kRequestPermission, kTileData) != 0) return 0;
  constexpr int kRounds = 500'000;
  const double seconds = bestSeconds(threads, [](int) {
    struct {
      uint8_t palette = 1;
      uint8_t rest[15] = {};
      uint16_t rowBytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
      uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
    } shapes;
    // Numbers around 1: nothing is saved by multiplying zeros.
    uint16_t values[512];
    uint32_t random = 1;
    for (uint16_t& value : values) {
      random = random * 1664525 + 1013904223;
      value = static_cast<uint16_t>(0x3F00 + (random >> 24));
    }
    asm volatile("" : : "r"(values) : "memory");
    _tile_loadconfig(&shapes);
    _tile_loadd(4, values, 64);
    _tile_loadd(5, values, 64);
    _tile_loadd(6, values, 64);
    _tile_loadd(7, values, 64);
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int round = 0; round < kRounds; round++) {
      _tile_dpbf16ps(0, 4, 6);
      _tile_dpbf16ps(1, 5, 6);
      _tile_dpbf16ps(2, 4, 7);
      _tile_dpbf16ps(3, 5, 7);
    }
    _tile_release();
  });
  return 4.0 * 2 * 16 * 16 * 32 * kRounds * threads / seconds * 1e-9;
#else
  return 0;
#endif
}

}  // namespace

int main(int count, char** words) {
  const int threads = count == 2 ? std::atoi(words[1]) : 0;
  if (threads < 1 || threads > 1024) {
    std::fprintf(stderr, "expected the number of threads, 1 to 1024\n");
    return 2;
  }
  measureMemory(threads);
  measureArithmetic(threads);
  std::printf("bf16_gflop_per_s %.2f\n", bf16GflopPerS(threads));
  std::printf("amx_bf16_gflop_per_s %.2f\n", amxBf16GflopPerS(threads));
  return 0;
}
