#include "cuda/cuda_table.h"
#include "lp_pool/lp_pool.h"
#include "pool/pool_cuda.h"

namespace vk::lp_pool_cuda {
namespace {

using namespace cuda;

/** x^exponent, x not negative; without a logarithm where there is no need. */
template <class T>
__device__ T power(T x, T exponent) {
  if (exponent == T(1)) return x;
  if (exponent == T(2)) return x * x;
  if (exponent == T(0.5)) return sqrt(x);
  return exponent == T(0) ? T(1) : pow(x, exponent);
}

template <class T, class Sum>
struct Norm : PoolSum<Sum> {
  double p;
  T* output;

  Norm(double exponent, T* to) : p(exponent), output(to) {}
  __device__ Sum of(T voxel, int64_t) const { return Sum(power(T(fabs(voxel)), T(p))); }
  __device__ void finish(int64_t at, const PoolBin&, Sum sum) const {
    output[at] = T(power(sum, Sum(1 / p)));
  }
};

template <class T>
void norm(const LpPoolArgs& args, Context& context, const Workspace& workspace) {
  T* const output = static_cast<T*>(args.output);
  poolReduce<T>(context, workspace, args.input, PoolWindowBins{args}, Norm<T, T>(args.p, output),
                Norm<T, double>(args.p, output));
}

void runNorm(const LpPoolArgs& args, Context& context, const Workspace& workspace) {
  withFloats(args.type, [&](auto number) { norm<decltype(number)>(args, context, workspace); });
}

int64_t workspaceBytes(const LpPoolArgs& args) {
  return poolPartialBytes(PoolWindowBins{args}, sizeof(double));
}

/** upstream / output^(p - 1), once an output; 0 where the output is. */
template <class T>
__global__ void __launch_bounds__(256, 1)
    lpShares(const T* output, const T* upstream, int64_t count, T p, T* shares) {
  forEachItem(count, [&](int64_t i) {
    shares[i] = output[i] == 0 ? T(0) : upstream[i] / power(output[i], p - 1);
  });
}

template <class T>
__global__ void __launch_bounds__(256, 1)
    lpGradient(PoolGather gather, const T* input, const T* shares, T p, T* gradient) {
  forEachItem(gather.args.volumes * poolVoxels(gather.args.inSize), [&](int64_t i) {
    const T x = input[i];
    const T slope = copysign(power(T(fabs(x)), p - 1), x);
    const T sum = gather.sum(poolPlaceOf(i, gather.args.inSize), shares);
    gradient[i] = x == 0 ? T(0) : slope * sum;
  });
}

template <class T>
void gradient(const LpPoolGradientArgs& args, Context& context, const Workspace& workspace) {
  T* const shares = workspace.as<T>();
  const int64_t outputs = args.volumes * poolVoxels(args.outSize);
  launch(context, gridOver(outputs), lpShares<T>, static_cast<const T*>(args.output),
         static_cast<const T*>(args.upstream), outputs, T(args.p), shares);
  launch(context, gridOver(args.volumes * poolVoxels(args.inSize)), lpGradient<T>, PoolGather(args),
         static_cast<const T*>(args.input), shares, T(args.p), static_cast<T*>(args.gradient));
}

void runGradient(const LpPoolGradientArgs& args, Context& context, const Workspace& workspace) {
  withFloats(args.type, [&](auto number) { gradient<decltype(number)>(args, context, workspace); });
}

int64_t gradientWorkspaceBytes(const LpPoolGradientArgs& args) {
  return args.volumes * poolVoxels(args.outSize) * (args.type == VK_F64 ? 8 : 4);
}

}  // namespace

extern "C" CudaImplementations<LpPoolArgs> lp_poolCuda() {
  static const Implementation<LpPoolArgs> rows[] = {
      cuda::row<LpPoolArgs>(runNorm, nullptr, workspaceBytes)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<LpPoolGradientArgs> lp_pool_gradientCuda() {
  static const Implementation<LpPoolGradientArgs> rows[] = {
      cuda::row<LpPoolGradientArgs>(runGradient, nullptr, gradientWorkspaceBytes)};
  return cuda::table(rows);
}

}  // namespace vk::lp_pool_cuda
