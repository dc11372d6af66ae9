#include "box_coder/box_coder.h"
#include "box_coder/box_coder_math.h"
#include "cuda/cuda_table.h"
#include "cuda/divide.h"
#include "cuda/kernel.h"

namespace vk::box_coder_cuda {
namespace {

using namespace cuda;

/** body(place of the lower value, of the higher one, axis) of an axis of a box. */
template <class Body>
__device__ void forEachAxis(const BoxCoderArgs& args, const Body& body) {
  const int64_t n = args.dimensions;
  forEachItem(args.count * n, [&](int64_t i) {
    const Division box = divide(i, n);
    const int64_t low = box.quotient * 2 * n + box.remainder;
    body(low, low + n, int(box.remainder));
  });
}

template <class T>
__device__ double valueAt(const void* values, int64_t i) {
  return double(static_cast<const T*>(values)[i]);
}

template <class T>
__global__ void __launch_bounds__(256) encode(BoxCoderArgs args) {
  T* const deltas = static_cast<T*>(args.output);
  forEachAxis(args, [&](int64_t low, int64_t high, int axis) {
    encodeAxis(valueAt<T>(args.input, low), valueAt<T>(args.input, high),
               valueAt<T>(args.anchors, low), valueAt<T>(args.anchors, high), args.weights[axis],
               args.weights[3 + axis], deltas + low, deltas + high);
  });
}

template <class T>
__global__ void __launch_bounds__(256) decode(BoxCoderArgs args) {
  T* const boxes = static_cast<T*>(args.output);
  forEachAxis(args, [&](int64_t low, int64_t high, int axis) {
    decodeAxis(valueAt<T>(args.input, low) / args.weights[axis],
               valueAt<T>(args.input, high) / args.weights[3 + axis], valueAt<T>(args.anchors, low),
               valueAt<T>(args.anchors, high), args.logScaleLimit, boxes + low, boxes + high);
  });
}

template <class T>
__global__ void __launch_bounds__(256) decodeGradient(BoxCoderArgs args) {
  T* const deltas = static_cast<T*>(args.output);
  forEachAxis(args, [&](int64_t low, int64_t high, int axis) {
    decodeGradientAxis(valueAt<T>(args.input, high) / args.weights[3 + axis],
                       valueAt<T>(args.anchors, low), valueAt<T>(args.anchors, high),
                       args.logScaleLimit, valueAt<T>(args.gradientBoxes, low),
                       valueAt<T>(args.gradientBoxes, high), args.weights[axis],
                       args.weights[3 + axis], deltas + low, deltas + high);
  });
}

template <class T>
__global__ void __launch_bounds__(256) clip(BoxClipArgs args) {
  forEachItem(args.count * 2 * args.dimensions, [&](int64_t i) {
    const T value = static_cast<const T*>(args.boxes)[i];
    const T most = T(args.extent[divide(i, args.dimensions).remainder]);
    static_cast<T*>(args.clipped)[i] = value > most ? most : value < 0 ? T(0) : value;
  });
}

void runEncode(const BoxCoderArgs& args, Context& context, const Workspace&) {
  launch(context, gridOver(args.count * args.dimensions),
         args.type == VK_F64 ? encode<double> : encode<float>, args);
}

void runDecode(const BoxCoderArgs& args, Context& context, const Workspace&) {
  launch(context, gridOver(args.count * args.dimensions),
         args.type == VK_F64 ? decode<double> : decode<float>, args);
}

void runGradient(const BoxCoderArgs& args, Context& context, const Workspace&) {
  launch(context, gridOver(args.count * args.dimensions),
         args.type == VK_F64 ? decodeGradient<double> : decodeGradient<float>, args);
}

void runClip(const BoxClipArgs& args, Context& context, const Workspace&) {
  launch(context, gridOver(args.count * 2 * args.dimensions),
         args.type == VK_F64 ? clip<double> : clip<float>, args);
}

}  // namespace

extern "C" CudaImplementations<BoxCoderArgs> box_coder_encodeCuda() {
  static const Implementation<BoxCoderArgs> rows[] = {cuda::row<BoxCoderArgs>(runEncode)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<BoxCoderArgs> box_coder_decodeCuda() {
  static const Implementation<BoxCoderArgs> rows[] = {cuda::row<BoxCoderArgs>(runDecode)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<BoxCoderArgs> box_coder_gradientCuda() {
  static const Implementation<BoxCoderArgs> rows[] = {cuda::row<BoxCoderArgs>(runGradient)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<BoxClipArgs> box_coder_clipCuda() {
  static const Implementation<BoxClipArgs> rows[] = {cuda::row<BoxClipArgs>(runClip)};
  return cuda::table(rows);
}

}  // namespace vk::box_coder_cuda
