// Kernels that are right, which have to run, and kernels that are wrong, each of which has to be
// caught. Every one runs in a process of its own: emulator_test NAME runs it, without a name all of
// them.
#include <sys/wait.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include <cuda_bf16.h>
#include <mma.h>

#include "cuda/kernel.h"

namespace vk::emulator_test {
namespace {

using cuda::kWholeWarp;

#ifdef VK_EMULATOR_RACES
constexpr bool kRaces = true;
#else
constexpr bool kRaces = false;
#endif

void need(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "not so: %s\n", what);
  std::_Exit(3);
}

cudaStream_t stream() {
  static cudaStream_t one = nullptr;
  if (one == nullptr) cudaStreamCreateWithFlags(&one, cudaStreamNonBlocking);
  return one;
}

template <class... Parameters, class... Arguments>
cudaError_t runKernel(dim3 blocks, dim3 threads, size_t shared, void (*kernel)(Parameters...),
                      Arguments... arguments) {
  cudaLaunchConfig_t config{};
  config.gridDim = blocks;
  config.blockDim = threads;
  config.dynamicSmemBytes = shared;
  config.stream = stream();
  const cudaError_t error = cudaLaunchKernelEx(&config, kernel, Parameters(arguments)...);
  return error != cudaSuccess ? error : cudaStreamSynchronize(stream());
}

template <class T>
struct Memory {
  explicit Memory(size_t count) {
    cudaMalloc(reinterpret_cast<void**>(&data), count * sizeof(T));
    cudaMemset(data, 0, count * sizeof(T));
  }
  ~Memory() { cudaFree(data); }
  T* data = nullptr;
};

// ------------------------------------------------------------------------------------ right
// kernels

__global__ void addUp(int* result) {
  VK_SHARED(int, sums, 8);
  const int sum = cuda::blockSum<256>(int(threadIdx.x), sums);
  if (threadIdx.x == 0) atomicAdd(result, sum);
}

void sums() {
  Memory<int> result(1);
  need(runKernel(3, 256, 0, addUp, result.data) == cudaSuccess, "sums run");
  need(*result.data == 3 * 255 * 128, "three blocks' sums");
}

__global__ void warpFunctions(unsigned* result) {
  const int lane = int(threadIdx.x % 32);
  unsigned wrong = 0;
  wrong |= __ballot_sync(kWholeWarp, lane % 2) != 0xAAAAAAAAu;
  wrong |= __shfl_xor_sync(kWholeWarp, double(lane), 1) != double(lane ^ 1);
  wrong |= __shfl_up_sync(kWholeWarp, lane, 1u) != (lane == 0 ? 0 : lane - 1);
  wrong |= __shfl_sync(kWholeWarp, int64_t(lane), 5, 8) != lane / 8 * 8 + 5;
  wrong |= __reduce_max_sync(kWholeWarp, -lane) != 0;
  wrong |= __any_sync(kWholeWarp, lane == 7) == 0;
  wrong |= __all_sync(kWholeWarp, lane < 31) != 0;
  if (lane < 16) wrong |= __reduce_add_sync(0xFFFFu, 1) != 16;
  wrong |= __syncthreads_count(threadIdx.x < 40) != 40;
  wrong |= __syncthreads_and(1) == 0;
  wrong |= __syncthreads_or(threadIdx.x == 63) == 0;
  atomicOr(result, wrong);
}

void warps() {
  Memory<unsigned> result(1);
  need(runKernel(2, 64, 0, warpFunctions, result.data) == cudaSuccess, "warp functions run");
  need(*result.data == 0, "warp functions give what they should");
}

__global__ void reverse(float* values) {
  VK_DYNAMIC_SHARED(float, copies);
  copies[threadIdx.x] = values[threadIdx.x];
  __syncthreads();
  values[threadIdx.x] = copies[blockDim.x - 1 - threadIdx.x];
}

void graphs() {
  Memory<float> values(64);
  values.data[0] = 1;
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t executable = nullptr;
  cudaStreamBeginCapture(stream(), cudaStreamCaptureModeThreadLocal);
  cudaLaunchConfig_t config{};
  config.gridDim = 1;
  config.blockDim = 64;
  config.dynamicSmemBytes = 64 * sizeof(float);
  config.stream = stream();
  cudaLaunchKernelEx(&config, reverse, values.data);
  cudaStreamEndCapture(stream(), &graph);
  cudaGraphInstantiate(&executable, graph, 0);
  need(values.data[0] == 1, "a capture runs nothing");
  for (int i = 0; i < 3; ++i) cudaGraphLaunch(executable, stream());
  need(values.data[0] == 1, "nothing runs before it is waited for");
  need(cudaStreamSynchronize(stream()) == cudaSuccess, "the graph runs");
  need(values.data[0] == 0 && values.data[63] == 1, "three times reversed");
  cudaGraphExecDestroy(executable);
  cudaGraphDestroy(graph);
}

/** The device of a context: what is recorded is done at each replay, with the memory it had. */
void recordings() {
  cuda::CudaDevice device(0, 1 << 20);
  void* values = nullptr;
  void* scratch = nullptr;
  void* again = nullptr;
  float first[64] = {1}, result[64] = {};
  need(device.allocate(sizeof first, &values) == VK_OK, "there is memory");
  need(device.copy(values, first, sizeof first) == VK_OK, "it takes a copy");
  need(device.recordBegin() == VK_OK, "it records");
  need(device.recordBegin() == VK_INVALID_ARGUMENT, "it records once");
  need(device.copy(result, values, sizeof result) == VK_UNSUPPORTED, "nothing waits meanwhile");
  need(device.synchronize() == VK_UNSUPPORTED, "nobody waits meanwhile");
  device.allocate(sizeof first, &scratch);
  device.copyAsync(scratch, values, sizeof first);
  cudaLaunchConfig_t config{};
  config.gridDim = 1;
  config.blockDim = 64;
  config.dynamicSmemBytes = sizeof first;
  config.stream = device.stream();
  cudaLaunchKernelEx(&config, reverse, static_cast<float*>(scratch));
  device.copyAsync(values, scratch, sizeof first);
  device.free(scratch);
  device.allocate(sizeof first / 2 + 1, &again);
  need(again == scratch, "what is freed is taken again");
  device.free(again);
  vk_recording* recording = nullptr;
  need(device.recordEnd(&recording) == VK_OK, "a recording is made");
  need(device.memory().in_use == 2 * sizeof first, "its memory stays");
  device.copy(result, values, sizeof result);
  need(result[0] == 1, "recording does nothing");
  for (int i = 0; i < 3; ++i) need(device.replay(recording) == VK_OK, "it replays");
  device.copy(result, values, sizeof result);
  need(result[0] == 0 && result[63] == 1, "three times reversed");
  device.destroy(recording);
  need(device.memory().in_use == sizeof first, "its memory is freed with it");
  need(device.replay(recording) == VK_INVALID_ARGUMENT, "it is gone");
  void* all = nullptr;
  device.free(values);
  need(device.allocate(1 << 21, &all) == VK_OUT_OF_MEMORY, "more than the budget");
  need(device.allocate(1 << 20, &all) == VK_OK, "the device is as it was");
}

namespace wmma = nvcuda::wmma;

/** 16 x 16 by 16 x 16 in bfloat16, the first matrix by columns; and 16 x 8 by 8 x 16 in tf32. */
__global__ void multiply(const float* values, float* bf16, float* tf32) {
  VK_SHARED(float4, shared, 64);
  __nv_bfloat16* const rounded = reinterpret_cast<__nv_bfloat16*>(shared);
  for (int i = int(threadIdx.x); i < 512; i += 32) rounded[i] = __float2bfloat16(values[i]);
  __syncwarp();
  wmma::fragment<wmma::matrix_a, 16, 16, 16, __nv_bfloat16, wmma::col_major> a;
  wmma::fragment<wmma::matrix_b, 16, 16, 16, __nv_bfloat16, wmma::row_major> b;
  wmma::fragment<wmma::accumulator, 16, 16, 16, float> sums;
  wmma::load_matrix_sync(a, rounded, 16);
  wmma::load_matrix_sync(b, rounded + 256, 16);
  wmma::fill_fragment(sums, 1.0f);
  wmma::mma_sync(sums, a, b, sums);
  wmma::store_matrix_sync(bf16, sums, 16, wmma::mem_row_major);
  wmma::fragment<wmma::matrix_a, 16, 16, 8, wmma::precision::tf32, wmma::row_major> left;
  wmma::fragment<wmma::matrix_b, 16, 16, 8, wmma::precision::tf32, wmma::col_major> right;
  wmma::fragment<wmma::accumulator, 16, 16, 8, float> more;
  wmma::load_matrix_sync(left, values, 8);
  wmma::load_matrix_sync(right, values + 256, 8);
  for (float& value : left.x) value = wmma::__float_to_tf32(value);
  wmma::load_matrix_sync(more, bf16, 16, wmma::mem_row_major);
  wmma::mma_sync(more, left, right, more);
  wmma::store_matrix_sync(tf32, more, 16, wmma::mem_col_major);
}

void matrices() {
  Memory<float> values(512), bf16(256), tf32(256);
  for (int i = 0; i < 512; ++i) values.data[i] = float(i * 7 % 23 - 11);
  need(runKernel(1, 32, 0, multiply, values.data, bf16.data, tf32.data) == cudaSuccess,
       "products run");
  for (int row = 0; row < 16; ++row) {
    for (int column = 0; column < 16; ++column) {
      float sum = 1;
      for (int k = 0; k < 16; ++k) {
        sum += values.data[k * 16 + row] * values.data[256 + k * 16 + column];
      }
      need(bf16.data[row * 16 + column] == sum, "a product in bfloat16");
      for (int k = 0; k < 8; ++k) {
        sum += values.data[row * 8 + k] * values.data[256 + column * 8 + k];
      }
      need(tf32.data[column * 16 + row] == sum, "a product in tf32");
    }
  }
  need(__bfloat162float(__float2bfloat16(1.00390625f)) == 1.0f, "ties go to even");
  need(__bfloat162float(__float2bfloat16(1.01171875f)) == 1.015625f, "ties go to even");
  need(wmma::__float_to_tf32(1.00048828125f) == 1.0009765625f, "ties of tf32 go away from 0");
}

__global__ void trapping() {
  if (threadIdx.x == 3) __trap();
  __syncthreads();
}

void faults() {
  need(runKernel(1, 32, 0, trapping) == cudaErrorLaunchFailure, "a trap is a fault");
  need(runKernel(1, 32, 0, trapping) == cudaErrorLaunchFailure, "a fault stays");
}

void limits() {
  need(runKernel(1, 2048, 0, trapping) == cudaErrorInvalidConfiguration, "too many threads");
  need(runKernel(1, 32, 60000, trapping) == cudaErrorInvalidValue, "too much shared memory");
  void* memory = nullptr;
  need(cudaMalloc(&memory, size_t{1} << 50) == cudaErrorMemoryAllocation, "too much memory");
}

// ------------------------------------------------------------------------------------ wrong
// kernels

__global__ void withoutBarrier(int* values) {
  VK_SHARED(int, shared, 64);
  shared[threadIdx.x] = int(threadIdx.x);
  values[threadIdx.x] = shared[63 - threadIdx.x];
}

void missingBarrier() {
  Memory<int> values(64);
  runKernel(1, 64, 0, withoutBarrier, values.data);
}

__global__ void sameSlot(int* values) {
  VK_SHARED(int, slot, 1);
  slot[0] = int(threadIdx.x);
  __syncthreads();
  values[threadIdx.x] = slot[0];
}

void sharedRace() {
  Memory<int> values(64);
  runKernel(1, 64, 0, sameSlot, values.data);
}

__global__ void everyBlockWrites(int* value) {
  if (threadIdx.x == 0) *value = int(blockIdx.x);
}

void globalRace() {
  Memory<int> value(1);
  runKernel(4, 32, 0, everyBlockWrites, value.data);
}

__global__ void beyondShared(int* values) {
  VK_SHARED(int, shared, 32);
  for (int i = 0; i <= 32; ++i) {
    if (threadIdx.x == 0) shared[i] = i;
  }
  __syncthreads();
  values[threadIdx.x] = shared[threadIdx.x];
}

void outOfShared() {
  Memory<int> values(32);
  runKernel(1, 32, 0, beyondShared, values.data);
}

__global__ void beyondGlobal(int* values) { values[threadIdx.x + 1] = 1; }

void outOfGlobal() {
  Memory<int> values(32);
  runKernel(1, 32, 0, beyondGlobal, values.data);
}

__global__ void twoBarriers() {
  if (threadIdx.x < 16) {
    __syncthreads();
  } else {
    __syncthreads();
  }
}

void divergentBarrier() { runKernel(1, 32, 0, twoBarriers); }

__global__ void earlyReturn() {
  if (threadIdx.x == 7) return;
  __syncthreads();
}

void endedThread() { runKernel(1, 32, 0, earlyReturn); }

__global__ void laneEnded(int* values) {
  if (threadIdx.x == 31) return;
  values[threadIdx.x] = __shfl_down_sync(kWholeWarp, int(threadIdx.x), 1u);
}

void endedLane() {
  Memory<int> values(32);
  runKernel(1, 32, 0, laneEnded, values.data);
}

__global__ void readsRubbish(int* values) {
  VK_SHARED(int, shared, 32);
  if (threadIdx.x > 0) shared[threadIdx.x] = 1;
  __syncthreads();
  values[threadIdx.x] = shared[threadIdx.x];
}

void uninitialised() {
  Memory<int> values(32);
  runKernel(1, 32, 0, readsRubbish, values.data);
}

__global__ void loadsVector(const float* values, float4* result) {
  *result = *reinterpret_cast<const float4*>(values + 1);
}

void misaligned() {
  Memory<float> values(8);
  Memory<float4> result(1);
  runKernel(1, 1, 0, loadsVector, values.data, result.data);
}

__global__ void loadsMatrix(const float* values, unsigned step, float* result) {
  wmma::fragment<wmma::accumulator, 16, 16, 8, float> all;
  wmma::load_matrix_sync(all, values, step, wmma::mem_row_major);
  wmma::store_matrix_sync(result, all, 16, wmma::mem_row_major);
}

void misalignedMatrix() {
  Memory<float> values(512), result(256);
  runKernel(1, 32, 0, loadsMatrix, values.data + 4, 16, result.data);
}

void misalignedRows() {
  Memory<float> values(512), result(256);
  runKernel(1, 32, 0, loadsMatrix, values.data, 17, result.data);
}

void partOfWarp() {
  Memory<float> values(512), result(256);
  runKernel(1, 48, 0, loadsMatrix, values.data, 16, result.data);
}

__global__ void lanesApart(const float* values, float* result) {
  wmma::fragment<wmma::accumulator, 16, 16, 8, float> all;
  wmma::load_matrix_sync(all, values + threadIdx.x / 16 * 16, 16, wmma::mem_row_major);
  wmma::store_matrix_sync(result, all, 16, wmma::mem_row_major);
}

void differentMatrices() {
  Memory<float> values(512), result(256);
  runKernel(1, 32, 0, lanesApart, values.data, result.data);
}

__global__ void halfMultiplies(const float* values, float* result) {
  if (threadIdx.x >= 16) return;
  wmma::fragment<wmma::accumulator, 16, 16, 8, float> all;
  wmma::load_matrix_sync(all, values, 16, wmma::mem_row_major);
  wmma::store_matrix_sync(result, all, 16, wmma::mem_row_major);
}

void halfWarp() {
  Memory<float> values(512), result(256);
  runKernel(1, 32, 0, halfMultiplies, values.data, result.data);
}

__global__ void narrowIndex(char* values, int rows, int columns) {
  values[(rows - 1) * columns] = 1;
}

void indexOverflow() {
  Memory<char> values(1);
  runKernel(1, 1, 0, narrowIndex, values.data, 70000, 70000);
}

// ----------------------------------------------------------------------------------------------
// all

struct Test {
  const char* name;
  void (*run)();
  /** What is said under the address and undefined-behaviour sanitizers, and by the race detector;
   * empty where it has to run through, null where it is not for that build to find. */
  const char* sanitized;
  const char* races;
};

const Test tests[] = {
    {"sums", sums, "", ""},
    {"warps", warps, "", ""},
    {"graphs", graphs, "", ""},
    {"recordings", recordings, "", ""},
    {"faults", faults, "", ""},
    {"limits", limits, "", ""},
    {"matrices", matrices, "", ""},
    {"missing-barrier", missingBarrier, nullptr, "shared memory"},
    {"shared-race", sharedRace, nullptr, "race on shared memory"},
    {"global-race", globalRace, nullptr, "race on global memory"},
    {"out-of-shared", outOfShared, "use-after-poison", "outside of its arrays"},
    {"out-of-global", outOfGlobal, "heap-buffer-overflow", nullptr},
    {"divergent-barrier", divergentBarrier, "barrier divergence", "barrier divergence"},
    {"ended-thread", endedThread, "barrier divergence", "barrier divergence"},
    {"ended-lane", endedLane, "has ended", "has ended"},
    {"uninitialised-shared", uninitialised, nullptr, "uninitialised shared memory"},
    {"misaligned-load", misaligned, "misaligned address", nullptr},
    {"misaligned-matrix", misalignedMatrix, "misaligned address", "misaligned address"},
    {"misaligned-rows", misalignedRows, "multiple of 16 bytes", "multiple of 16 bytes"},
    {"part-of-warp", partOfWarp, "warp that is not full", "warp that is not full"},
    {"different-matrices", differentMatrices, "different memory", "different memory"},
    {"half-a-warp", halfWarp, "has ended", "has ended"},
    {"index-overflow", indexOverflow, "signed integer overflow", nullptr},
};

bool passes(const std::string& self, const Test& test, const char* expected) {
  FILE* const child = popen((self + " " + test.name + " 2>&1").c_str(), "r");
  std::string output;
  char part[512];
  while (std::fgets(part, sizeof part, child) != nullptr) output += part;
  const int status = pclose(child);
  const bool ended = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  const bool asExpected = *expected == 0 ? ended : !ended && output.find(expected) != output.npos;
  if (asExpected) return true;
  std::printf("FAILED %s: expected %s, got status %d:\n%s", test.name,
              *expected == 0 ? "that it runs" : expected, status, output.c_str());
  return false;
}

}  // namespace
}  // namespace vk::emulator_test

int main(int count, char** arguments) {
  using namespace vk::emulator_test;
  int failed = 0, ran = 0;
  for (const Test& test : tests) {
    if (count > 1) {
      if (std::strcmp(arguments[1], test.name) == 0) test.run();
      continue;
    }
    const char* const expected = kRaces ? test.races : test.sanitized;
    if (expected == nullptr) continue;
    ++ran;
    if (!passes(arguments[0], test, expected)) ++failed;
  }
  if (count == 1) std::printf("%d kernels, %d failed\n", ran, failed);
  return failed > 0 ? 1 : 0;
}
