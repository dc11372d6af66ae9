// Calls of cuDNN that are wrong, each of which the stand-in has to find.
#include <cuda_runtime.h>

#include <cstdio>
#include <cstring>
#include <functional>
#include <string>

#include "cuda/cudnn_api.h"

extern "C" {
#define VK_CUDNN_DECLARE(name, Result, parameters) Result cudnn##name parameters;
// The types of the API are in a namespace.
using namespace vk::cudnn;
VK_CUDNN_FUNCTIONS(VK_CUDNN_DECLARE)
#undef VK_CUDNN_DECLARE
void cudnnStandInKeepFindings();
const char* cudnnStandInFinding();
}

namespace {

int failures = 0;

void expectFinding(const char* name, const char* expected, const std::function<void()>& body) {
  body();
  const std::string finding = cudnnStandInFinding();
  const bool found = *expected == 0 ? finding.empty() : finding.find(expected) != std::string::npos;
  std::printf("%s %s: %s\n", found ? "ok" : "MISSED", name,
              finding.empty() ? "no finding" : finding.c_str());
  if (!found) ++failures;
}

constexpr int64_t kIn = 4 * 6 * 5 * 4, kOut = 8 * 6 * 5 * 4, kWeights = 8 * 4 * 27;

float* deviceFloats(int64_t count) {
  void* memory = nullptr;
  cudaMalloc(&memory, size_t(count) * sizeof(float));
  cudaMemset(memory, 0, size_t(count) * sizeof(float));
  return static_cast<float*>(memory);
}

/** A convolution of 4 to 8 channels, right in all. */
struct Right {
  Handle handle;
  Tensor x, y;
  Filter w;
  Convolution convolution;
  cudaStream_t stream;
  float *in = deviceFloats(kIn), *out = deviceFloats(kOut), *weights = deviceFloats(kWeights);
  size_t bytes = 0;
  void* workspace = nullptr;
  float one = 1, zero = 0;

  Right() {
    cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking);
    cudnnCreate(&handle);
    cudnnSetStream(handle, stream);
    cudnnCreateTensorDescriptor(&x);
    cudnnCreateTensorDescriptor(&y);
    cudnnCreateFilterDescriptor(&w);
    cudnnCreateConvolutionDescriptor(&convolution);
    tensor(x, 4);
    tensor(y, 8);
    const int sizes[] = {8, 4, 3, 3, 3};
    cudnnSetFilterNdDescriptor(w, kFloat, kNchw, 5, sizes);
    geometry(1);
    cudnnSetConvolutionMathType(convolution, kFmaMath);
    cudnnGetConvolutionForwardWorkspaceSize(handle, x, w, convolution, y,
                                            kForwardImplicitPrecompGemm, &bytes);
    workspace = deviceFloats(int64_t(bytes));
  }
  ~Right() {
    cudaStreamSynchronize(stream);
    cudnnDestroyTensorDescriptor(x);
    cudnnDestroyTensorDescriptor(y);
    cudnnDestroyFilterDescriptor(w);
    cudnnDestroyConvolutionDescriptor(convolution);
    cudnnDestroy(handle);
    for (void* memory : {static_cast<void*>(in), static_cast<void*>(out),
                         static_cast<void*>(weights), workspace}) {
      cudaFree(memory);
    }
    cudaStreamDestroy(stream);
    // What the clearing away finds is the mistake's.
    cudnnStandInFinding();
  }
  void tensor(Tensor of, int channels) {
    const int sizes[] = {1, channels, 6, 5, 4};
    const int strides[] = {channels * 120, 120, 20, 4, 1};
    cudnnSetTensorNdDescriptor(of, kFloat, 5, sizes, strides);
  }
  void geometry(int padding) {
    const int pads[] = {padding, padding, padding}, ones[] = {1, 1, 1};
    cudnnSetConvolutionNdDescriptor(convolution, 3, pads, ones, ones, kCrossCorrelation, kFloat);
  }
  Status forward() {
    return cudnnConvolutionForward(handle, &one, x, in, w, weights, convolution,
                                   kForwardImplicitPrecompGemm, workspace, bytes, &zero, y, out);
  }
};

void run(const char* name, const char* expected, const std::function<void(Right&)>& mistake) {
  Right right;
  expectFinding(name, expected, [&] { mistake(right); });
}

void runAll() {
  run("nothing wrong", "", [](Right& r) {
    if (r.forward() != kSuccess) std::puts("it failed"), ++failures;
  });
  run("descriptor destroyed before", "after it was destroyed", [](Right& r) {
    cudnnDestroyTensorDescriptor(r.x);
    r.forward();
  });
  run("descriptor destroyed twice", "destroyed twice", [](Right& r) {
    cudnnDestroyFilterDescriptor(r.w);
    cudnnDestroyFilterDescriptor(r.w);
  });
  run("descriptor of another kind", "is used as a",
      [](Right& r) { cudnnSetConvolutionGroupCount(reinterpret_cast<Convolution>(r.x), 1); });
  run("pointer that is no descriptor", "never created",
      [](Right& r) { cudnnSetConvolutionGroupCount(reinterpret_cast<Convolution>(&r), 1); });
  run("descriptor that was not set", "never set", [](Right& r) {
    Tensor fresh;
    cudnnCreateTensorDescriptor(&fresh);
    const Tensor kept = std::exchange(r.x, fresh);
    r.forward();
    cudnnDestroyTensorDescriptor(kept);
  });
  run("wrong channels", "channels", [](Right& r) {
    r.tensor(r.x, 8);
    r.forward();
  });
  run("wrong groups", "groups", [](Right& r) {
    cudnnSetConvolutionGroupCount(r.convolution, 2);
    r.forward();
  });
  run("wrong padding", "axis 0", [](Right& r) {
    r.geometry(0);
    r.forward();
  });
  run("wrong strides", "stride", [](Right& r) {
    const int sizes[] = {1, 4, 6, 5, 4}, strides[] = {480, 120, 20, 5, 1};
    cudnnSetTensorNdDescriptor(r.x, kFloat, 5, sizes, strides);
  });
  run("mixed types", "mixed types", [](Right& r) {
    const int sizes[] = {8, 4, 3, 3, 3};
    cudnnSetFilterNdDescriptor(r.w, kDouble, kNchw, 5, sizes);
    r.forward();
  });
  run("sizes of 2^31 elements", "2^31", [](Right& r) {
    const int sizes[] = {1, 2, 1 << 10, 1 << 10, 1 << 10}, strides[] = {1, 1, 1, 1, 1};
    cudnnSetTensorNdDescriptor(r.x, kFloat, 5, sizes, strides);
  });
  run("workspace too small", "workspace", [](Right& r) {
    --r.bytes;
    r.forward();
  });
  run("workspace missing", "workspace is missing", [](Right& r) {
    void* const kept = std::exchange(r.workspace, nullptr);
    r.forward();
    r.workspace = kept;
  });
  run("input in the host's memory", "not in the device's memory", [](Right& r) {
    float host = 0;
    float* const kept = std::exchange(r.in, &host);
    r.forward();
    r.in = kept;
  });
  run("input smaller than its descriptor", "its descriptor says", [](Right& r) {
    cudaFree(std::exchange(r.in, deviceFloats(kIn - 1)));
    r.forward();
  });
  run("output over the input", "overlap", [](Right& r) {
    float* const kept = std::exchange(r.in, r.out + 1);
    r.forward();
    r.in = kept;
  });
  run("input freed before the stream has come to it", "x is not in the device's memory",
      [](Right& r) {
        r.forward();
        cudaStream_t other;
        cudaStreamCreateWithFlags(&other, cudaStreamNonBlocking);
        cudaFreeAsync(std::exchange(r.in, nullptr), other);
        cudaStreamSynchronize(other);
        cudaStreamSynchronize(r.stream);
        cudaStreamDestroy(other);
      });
  run("no stream", "without a stream", [](Right& r) {
    cudnnDestroy(r.handle);
    cudnnCreate(&r.handle);
    r.forward();
  });
  run("the default stream", "default stream", [](Right& r) { cudnnSetStream(r.handle, nullptr); });
  run("no factor", "alpha is missing", [](Right& r) {
    cudnnConvolutionForward(r.handle, nullptr, r.x, r.in, r.w, r.weights, r.convolution,
                            kForwardImplicitPrecompGemm, r.workspace, r.bytes, &r.zero, r.y, r.out);
  });
  run("gradient that is not deterministic", "not deterministic", [](Right& r) {
    cudnnConvolutionBackwardData(r.handle, &r.one, r.w, r.weights, r.y, r.out, r.convolution,
                                 kDataAlgorithm0, r.workspace, r.bytes, &r.zero, r.x, r.in);
  });
  run("pool that loses NaN", "loses NaN", [](Right&) {
    Pooling pooling;
    cudnnCreatePoolingDescriptor(&pooling);
    const int window[] = {2, 2, 2}, none[] = {0, 0, 0};
    cudnnSetPoolingNdDescriptor(pooling, kPoolMax, NanPropagation(0), 3, window, none, window);
    cudnnDestroyPoolingDescriptor(pooling);
  });
}

}  // namespace

/** With an argument it leaves a descriptor behind, which has to end the process with code 66. */
int main(int count, char**) {
  if (count > 1) {
    Tensor leaked;
    return cudnnCreateTensorDescriptor(&leaked);
  }
  cudnnStandInKeepFindings();
  runAll();
  std::printf("%d missed\n", failures);
  return failures > 0 ? 1 : 0;
}
