// Convolutions of the stand-in: which algorithms there are, what they need, and plain loops.
#include <cmath>
#include <cstring>

#include "objects.h"

#define VK_STAND_IN extern "C" __attribute__((visibility("default")))

namespace vk::cudnn {
namespace {

enum class Kind { kForward, kBackwardData, kBackwardFilter };

struct Axis {
  int64_t in, out, kernel, stride, dilation, padding;
};

struct Problem {
  DataType type;
  MathType math;
  int64_t batch, groups;
  /** Of a group. */
  int64_t in, out;
  Axis axes[3];

  int64_t inVoxels() const { return axes[0].in * axes[1].in * axes[2].in; }
  int64_t outVoxels() const { return axes[0].out * axes[1].out * axes[2].out; }
  int64_t taps() const { return axes[0].kernel * axes[1].kernel * axes[2].kernel; }
  int64_t inBytes() const { return batch * groups * in * inVoxels() * elementBytes(type); }
  int64_t outBytes() const { return batch * groups * out * outVoxels() * elementBytes(type); }
  int64_t weightBytes() const { return groups * out * in * taps() * elementBytes(type); }
};

/** Of the forward convolution, whatever is computed of it. Everything has to fit together. */
Problem problemOf(Tensor x, Filter w, Convolution convolution, Tensor y) {
  const TensorObject &in = used(x, "x"), &out = used(y, "y");
  const FilterObject& filter = used(w);
  const ConvolutionObject& how = used(convolution);
  if (in.sizes.size() != 5 || out.sizes.size() != 5 || filter.sizes.size() != 5 ||
      how.stride.size() != 3) {
    reject("a convolution of %zu, %zu, %zu and %zu axes", in.sizes.size(), filter.sizes.size(),
           out.sizes.size(), how.stride.size());
  }
  if (in.type != out.type || in.type != filter.type || in.type != how.type) {
    reject("a convolution of mixed types");
  }
  Problem problem{in.type, how.math, in.sizes[0], how.groups, filter.sizes[1], 0, {}};
  if (filter.sizes[0] % how.groups != 0)
    reject("%d outputs in %d groups", filter.sizes[0], how.groups);
  problem.out = filter.sizes[0] / how.groups;
  if (in.sizes[1] != filter.sizes[1] * how.groups) {
    reject("%d input channels, and %d groups of %d", in.sizes[1], how.groups, filter.sizes[1]);
  }
  if (out.sizes[0] != in.sizes[0] || out.sizes[1] != filter.sizes[0]) {
    reject("an output of %d x %d channels for %d x %d", out.sizes[0], out.sizes[1], in.sizes[0],
           filter.sizes[0]);
  }
  for (size_t axis = 0; axis < 3; ++axis) {
    Axis& at = problem.axes[axis];
    at = {in.sizes[axis + 2], out.sizes[axis + 2], filter.sizes[axis + 2],
          how.stride[axis],   how.dilation[axis],  how.padding[axis]};
    const int64_t extent = (at.kernel - 1) * at.dilation + 1;
    const int64_t rest = at.in + 2 * at.padding - extent;
    if (rest < 0 || at.out != rest / at.stride + 1) {
      reject(
          "axis %zu: %lld outputs for %lld inputs, kernel %lld, stride %lld, dilation %lld, "
          "padding %lld",
          axis, static_cast<long long>(at.out), static_cast<long long>(at.in),
          static_cast<long long>(at.kernel), static_cast<long long>(at.stride),
          static_cast<long long>(at.dilation), static_cast<long long>(at.padding));
    }
  }
  return problem;
}

bool dilates(const Problem& problem) {
  for (const Axis& axis : problem.axes) {
    if (axis.dilation > 1) return true;
  }
  return false;
}

/** Whether it can be computed, as this stand-in has it: not all that cuDNN can. */
bool supports(Kind kind, int algorithm, const Problem& problem) {
  switch (kind) {
    case Kind::kForward:
      if (algorithm == kForwardFftTiling) return !dilates(problem);
      return algorithm == kForwardImplicitGemm || algorithm == kForwardImplicitPrecompGemm;
    case Kind::kBackwardData:
      if (algorithm == kDataFftTiling || algorithm == kDataAlgorithm1) return !dilates(problem);
      return algorithm == kDataAlgorithm0;
    default:
      if (algorithm == kFilterFftTiling) return !dilates(problem);
      return algorithm == kFilterAlgorithm0 || algorithm == kFilterAlgorithm1 ||
             algorithm == kFilterAlgorithm3;
  }
}

bool isDeterministic(Kind kind, int algorithm) {
  if (kind == Kind::kForward) return true;
  if (kind == Kind::kBackwardData) return algorithm != kDataAlgorithm0;
  return algorithm != kFilterAlgorithm0 && algorithm != kFilterAlgorithm3;
}

/** Numbers of no meaning, but not round, and different for every problem. */
int64_t workspaceOf(Kind kind, int algorithm, const Problem& problem) {
  if (kind == Kind::kForward && algorithm == kForwardImplicitGemm) return 0;
  if (kind == Kind::kForward && algorithm == kForwardFftTiling) return int64_t{3} << 30;
  if (kind == Kind::kForward) return 12 * problem.taps() + 36;
  if (kind == Kind::kBackwardData) return 4 * problem.in * problem.out + 20;
  return problem.weightBytes() * 2 + 52;
}

/** The fastest first, of which none may be taken; those that cannot compute it last. */
void report(Kind kind, const Problem& problem, int requested, int* returned,
            AlgorithmReport* reports) {
  if (requested < 1 || returned == nullptr || reports == nullptr) reject("no place for algorithms");
  static constexpr int kAll[3][5] = {
      {kForwardFftTiling, kForwardImplicitPrecompGemm, kForwardImplicitGemm, kForwardGemm, 3},
      {kDataAlgorithm0, kDataFftTiling, kDataAlgorithm1, 2, 4},
      {kFilterAlgorithm3, kFilterAlgorithm0, kFilterFftTiling, kFilterAlgorithm1, 2}};
  int count = 0;
  for (const bool supported : {true, false}) {
    for (const int algorithm : kAll[int(kind)]) {
      if (supports(kind, algorithm, problem) != supported || count == requested) continue;
      reports[count] = {algorithm,
                        supported ? kSuccess : kNotSupported,
                        supported ? float(count) + 1 : -1.0f,
                        supported ? size_t(workspaceOf(kind, algorithm, problem)) : 0,
                        isDeterministic(kind, algorithm) ? kDeterministic : kNonDeterministic,
                        problem.math,
                        {}};
      ++count;
    }
  }
  *returned = count;
}

void sayWorkspace(Kind kind, int algorithm, const Problem& problem, size_t* bytes) {
  if (bytes == nullptr) reject("no place for the size of the workspace");
  if (!supports(kind, algorithm, problem)) throw Failed{kNotSupported};
  *bytes = size_t(workspaceOf(kind, algorithm, problem));
}

/** What every execution has to fulfil. */
void requireExecution(Handle handle, Kind kind, int algorithm, const Problem& problem,
                      void* workspace, size_t bytes) {
  living(handle);
  // The library promises the same bits from run to run.
  if (!isDeterministic(kind, algorithm)) reject("algorithm %d is not deterministic", algorithm);
  if (!supports(kind, algorithm, problem)) throw Failed{kNotSupported};
  const int64_t needed = workspaceOf(kind, algorithm, problem);
  if (int64_t(bytes) < needed) {
    reject("a workspace of %zu bytes, and %lld are needed", bytes, static_cast<long long>(needed));
  }
  if (needed > 0) requireDevice(workspace, int64_t(bytes), "the workspace");
}

/** As tensor cores read a float, where the descriptor lets them. */
template <class T>
double read(const Problem& problem, T value) {
  if constexpr (sizeof(T) == 4) {
    if (problem.math == kDefaultMath && std::isfinite(value)) {
      uint32_t bits;
      std::memcpy(&bits, &value, sizeof bits);
      bits = (bits + 0xFFF + (bits >> 13 & 1)) & ~0x1FFFu;
      std::memcpy(&value, &bits, sizeof bits);
    }
  }
  return double(value);
}

/** The position in the input that tap k of output o reads, or -1. */
int64_t inputAt(const Axis& axis, int64_t output, int64_t tap) {
  const int64_t at = output * axis.stride + tap * axis.dilation - axis.padding;
  return at >= 0 && at < axis.in ? at : -1;
}

/** body(z, y, x) over a box. */
template <class Body>
void eachOf(int64_t planes, int64_t rows, int64_t columns, const Body& body) {
  for (int64_t z = 0; z < planes; ++z) {
    for (int64_t y = 0; y < rows; ++y) {
      for (int64_t x = 0; x < columns; ++x) body(z, y, x);
    }
  }
}

/** body(weight, input, output) for every product, by groups and images, with indices in all. */
template <class Body>
void eachProduct(const Problem& problem, const Body& body) {
  const Axis *const a = problem.axes, &az = a[0], &ay = a[1], &ax = a[2];
  for (int64_t n = 0; n < problem.batch; ++n) {
    for (int64_t o = 0; o < problem.groups * problem.out; ++o) {
      for (int64_t c = 0; c < problem.in; ++c) {
        const int64_t channel = n * problem.groups * problem.in + o / problem.out * problem.in + c;
        const int64_t result = n * problem.groups * problem.out + o;
        eachOf(az.kernel, ay.kernel, ax.kernel, [&](int64_t kz, int64_t ky, int64_t kx) {
          const int64_t weight =
              (((o * problem.in + c) * az.kernel + kz) * ay.kernel + ky) * ax.kernel + kx;
          for (int64_t z = 0; z < az.out; ++z) {
            const int64_t iz = inputAt(az, z, kz);
            for (int64_t y = 0; iz >= 0 && y < ay.out; ++y) {
              const int64_t iy = inputAt(ay, y, ky);
              for (int64_t x = 0; iy >= 0 && x < ax.out; ++x) {
                const int64_t ix = inputAt(ax, x, kx);
                if (ix < 0) continue;
                body(weight, ((channel * az.in + iz) * ay.in + iy) * ax.in + ix,
                     ((result * az.out + z) * ay.out + y) * ax.out + x);
              }
            }
          }
        });
      }
    }
  }
}

struct Fused {
  bool any = false;
  const void* bias = nullptr;
  bool relu = false;
};

int64_t elementsOfResult(Kind kind, const Problem& problem) {
  return (kind == Kind::kForward        ? problem.outBytes()
          : kind == Kind::kBackwardData ? problem.inBytes()
                                        : problem.weightBytes()) /
         elementBytes(problem.type);
}

/** Which of the three tensors a result is of, and which two are multiplied. */
template <class T>
void compute(Kind kind, const Problem& problem, double alpha, double beta, const void* input,
             const void* weights, const void* upstream, void* result, const Fused& fused) {
  const T* const x = static_cast<const T*>(input);
  const T* const w = static_cast<const T*>(weights);
  const T* const dy = static_cast<const T*>(upstream);
  T* const to = static_cast<T*>(result);
  const int64_t count = elementsOfResult(kind, problem);
  std::vector<double> sums(size_t(count), 0.0);
  eachProduct(problem, [&](int64_t weight, int64_t in, int64_t out) {
    if (kind == Kind::kForward) {
      sums[size_t(out)] += read(problem, w[weight]) * read(problem, x[in]);
    } else if (kind == Kind::kBackwardData) {
      sums[size_t(in)] += read(problem, w[weight]) * read(problem, dy[out]);
    } else {
      sums[size_t(weight)] += read(problem, x[in]) * read(problem, dy[out]);
    }
  });
  for (int64_t i = 0; i < count; ++i) {
    double value = alpha * sums[size_t(i)];
    if (beta != 0) value += beta * double(to[i]);
    if (fused.any) {
      const int64_t channel = i / problem.outVoxels() % (problem.groups * problem.out);
      value += double(static_cast<const T*>(fused.bias)[channel]);
      if (fused.relu && value < 0) value = 0;
    }
    to[i] = T(value);
  }
}

void start(Handle handle, Kind kind, const Problem& problem, double alpha, double beta,
           const void* input, const void* weights, const void* upstream, void* result,
           void* workspace, size_t bytes, const Fused& fused = {}) {
  std::vector<Memory> memory;
  if (input != nullptr) memory.push_back(Memory{input, problem.inBytes(), "x"});
  if (weights != nullptr) memory.push_back(Memory{weights, problem.weightBytes(), "w"});
  if (upstream != nullptr) memory.push_back(Memory{upstream, problem.outBytes(), "dy"});
  if (bytes > 0) memory.push_back(Memory{workspace, int64_t(bytes), "the workspace"});
  memory.push_back(
      Memory{result, elementsOfResult(kind, problem) * elementBytes(problem.type), "the result"});
  onStream(handle, std::move(memory), [=] {
    if (bytes > 0) std::memset(workspace, 0xA5, bytes);
    if (problem.type == kDouble) {
      compute<double>(kind, problem, alpha, beta, input, weights, upstream, result, fused);
    } else {
      compute<float>(kind, problem, alpha, beta, input, weights, upstream, result, fused);
    }
  });
}

void requireForward(const Problem& problem, const void* x, const void* w, void* y) {
  requireDevice(x, problem.inBytes(), "x");
  requireDevice(w, problem.weightBytes(), "w");
  requireDevice(y, problem.outBytes(), "y");
  requireApart(x, problem.inBytes(), y, problem.outBytes(), "x and y");
  requireApart(w, problem.weightBytes(), y, problem.outBytes(), "w and y");
}

}  // namespace

VK_STAND_IN Status cudnnGetConvolutionForwardAlgorithm_v7(Handle handle, Tensor x, Filter w,
                                                          Convolution convolution, Tensor y,
                                                          int requested, int* returned,
                                                          AlgorithmReport* reports) {
  return entry("cudnnGetConvolutionForwardAlgorithm_v7", [&] {
    living(handle);
    report(Kind::kForward, problemOf(x, w, convolution, y), requested, returned, reports);
  });
}

VK_STAND_IN Status cudnnGetConvolutionForwardWorkspaceSize(Handle handle, Tensor x, Filter w,
                                                           Convolution convolution, Tensor y,
                                                           ForwardAlgorithm algorithm,
                                                           size_t* bytes) {
  return entry("cudnnGetConvolutionForwardWorkspaceSize", [&] {
    living(handle);
    sayWorkspace(Kind::kForward, algorithm, problemOf(x, w, convolution, y), bytes);
  });
}

VK_STAND_IN Status cudnnConvolutionForward(Handle handle, const void* alpha, Tensor xOf,
                                           const void* x, Filter wOf, const void* w,
                                           Convolution convolution, ForwardAlgorithm algorithm,
                                           void* workspace, size_t bytes, const void* beta,
                                           Tensor yOf, void* y) {
  return entry("cudnnConvolutionForward", [&] {
    const Problem problem = problemOf(xOf, wOf, convolution, yOf);
    requireExecution(handle, Kind::kForward, algorithm, problem, workspace, bytes);
    requireForward(problem, x, w, y);
    start(handle, Kind::kForward, problem, factor(alpha, problem.type, "alpha"),
          factor(beta, problem.type, "beta"), x, w, nullptr, y, workspace, bytes);
  });
}

VK_STAND_IN Status cudnnConvolutionBiasActivationForward(
    Handle handle, const void* alpha1, Tensor xOf, const void* x, Filter wOf, const void* w,
    Convolution convolution, ForwardAlgorithm algorithm, void* workspace, size_t bytes,
    const void* alpha2, Tensor zOf, const void* z, Tensor biasOf, const void* bias,
    Activation activation, Tensor yOf, void* y) {
  return entry("cudnnConvolutionBiasActivationForward", [&] {
    const Problem problem = problemOf(xOf, wOf, convolution, yOf);
    requireExecution(handle, Kind::kForward, algorithm, problem, workspace, bytes);
    requireForward(problem, x, w, y);
    const ActivationObject& how = living(activation);
    if (!how.set) reject("the activation descriptor was never set");
    if (how.mode != kRelu && how.mode != kIdentity) throw Failed{kNotSupported};
    if (how.mode == kIdentity && algorithm != kForwardImplicitPrecompGemm) {
      reject("a bias without activation needs IMPLICIT_PRECOMP_GEMM");
    }
    if (used(zOf, "z").sizes != used(yOf, "y").sizes) reject("z has other sizes than y");
    requireDevice(z, problem.outBytes(), "z");
    if (factor(alpha2, problem.type, "alpha2") != 0) throw Failed{kNotSupported};
    const TensorObject& row = used(biasOf, "bias");
    const int channels = int(problem.groups * problem.out);
    if (row.type != problem.type || row.sizes != std::vector<int>{1, channels, 1, 1, 1}) {
      reject("a bias that is not (1, %d, 1, 1, 1)", channels);
    }
    requireDevice(bias, channels * elementBytes(problem.type), "bias");
    start(handle, Kind::kForward, problem, factor(alpha1, problem.type, "alpha1"), 0, x, w, nullptr,
          y, workspace, bytes, {true, bias, how.mode == kRelu});
  });
}

VK_STAND_IN Status cudnnGetConvolutionBackwardDataAlgorithm_v7(Handle handle, Filter w, Tensor dy,
                                                               Convolution convolution, Tensor dx,
                                                               int requested, int* returned,
                                                               AlgorithmReport* reports) {
  return entry("cudnnGetConvolutionBackwardDataAlgorithm_v7", [&] {
    living(handle);
    report(Kind::kBackwardData, problemOf(dx, w, convolution, dy), requested, returned, reports);
  });
}

VK_STAND_IN Status cudnnGetConvolutionBackwardDataWorkspaceSize(Handle handle, Filter w, Tensor dy,
                                                                Convolution convolution, Tensor dx,
                                                                BackwardDataAlgorithm algorithm,
                                                                size_t* bytes) {
  return entry("cudnnGetConvolutionBackwardDataWorkspaceSize", [&] {
    living(handle);
    sayWorkspace(Kind::kBackwardData, algorithm, problemOf(dx, w, convolution, dy), bytes);
  });
}

VK_STAND_IN Status cudnnConvolutionBackwardData(Handle handle, const void* alpha, Filter wOf,
                                                const void* w, Tensor dyOf, const void* dy,
                                                Convolution convolution,
                                                BackwardDataAlgorithm algorithm, void* workspace,
                                                size_t bytes, const void* beta, Tensor dxOf,
                                                void* dx) {
  return entry("cudnnConvolutionBackwardData", [&] {
    const Problem problem = problemOf(dxOf, wOf, convolution, dyOf);
    requireExecution(handle, Kind::kBackwardData, algorithm, problem, workspace, bytes);
    requireDevice(w, problem.weightBytes(), "w");
    requireDevice(dy, problem.outBytes(), "dy");
    requireDevice(dx, problem.inBytes(), "dx");
    requireApart(dy, problem.outBytes(), dx, problem.inBytes(), "dy and dx");
    start(handle, Kind::kBackwardData, problem, factor(alpha, problem.type, "alpha"),
          factor(beta, problem.type, "beta"), nullptr, w, dy, dx, workspace, bytes);
  });
}

VK_STAND_IN Status cudnnGetConvolutionBackwardFilterAlgorithm_v7(Handle handle, Tensor x, Tensor dy,
                                                                 Convolution convolution, Filter dw,
                                                                 int requested, int* returned,
                                                                 AlgorithmReport* reports) {
  return entry("cudnnGetConvolutionBackwardFilterAlgorithm_v7", [&] {
    living(handle);
    report(Kind::kBackwardFilter, problemOf(x, dw, convolution, dy), requested, returned, reports);
  });
}

VK_STAND_IN Status cudnnGetConvolutionBackwardFilterWorkspaceSize(
    Handle handle, Tensor x, Tensor dy, Convolution convolution, Filter dw,
    BackwardFilterAlgorithm algorithm, size_t* bytes) {
  return entry("cudnnGetConvolutionBackwardFilterWorkspaceSize", [&] {
    living(handle);
    sayWorkspace(Kind::kBackwardFilter, algorithm, problemOf(x, dw, convolution, dy), bytes);
  });
}

VK_STAND_IN Status cudnnConvolutionBackwardFilter(Handle handle, const void* alpha, Tensor xOf,
                                                  const void* x, Tensor dyOf, const void* dy,
                                                  Convolution convolution,
                                                  BackwardFilterAlgorithm algorithm,
                                                  void* workspace, size_t bytes, const void* beta,
                                                  Filter dwOf, void* dw) {
  return entry("cudnnConvolutionBackwardFilter", [&] {
    const Problem problem = problemOf(xOf, dwOf, convolution, dyOf);
    requireExecution(handle, Kind::kBackwardFilter, algorithm, problem, workspace, bytes);
    requireDevice(x, problem.inBytes(), "x");
    requireDevice(dy, problem.outBytes(), "dy");
    requireDevice(dw, problem.weightBytes(), "dw");
    requireApart(x, problem.inBytes(), dw, problem.weightBytes(), "x and dw");
    requireApart(dy, problem.outBytes(), dw, problem.weightBytes(), "dy and dw");
    start(handle, Kind::kBackwardFilter, problem, factor(alpha, problem.type, "alpha"),
          factor(beta, problem.type, "beta"), x, nullptr, dy, dw, workspace, bytes);
  });
}

}  // namespace vk::cudnn
