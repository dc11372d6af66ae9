// Handles and descriptors of the stand-in.
#include <cstdlib>
#include <cstring>

#include "objects.h"

#define VK_STAND_IN extern "C" __attribute__((visibility("default")))

namespace vk::cudnn {
namespace {

void requireType(DataType type) {
  if (type != kFloat && type != kDouble) reject("data type %d", int(type));
}

/** 4 to 8 axes as cuDNN has them; those of less than 2^31 elements. */
std::vector<int> sizesOf(int count, const int sizes[], const char* what) {
  if (count < 4 || count > 8) reject("%s of %d axes", what, count);
  if (sizes == nullptr) reject("%s without sizes", what);
  int64_t elements = 1;
  for (int axis = 0; axis < count; ++axis) {
    if (sizes[axis] < 1) reject("%s with an axis of %d", what, sizes[axis]);
    if (elements > INT32_MAX / sizes[axis]) reject("%s of 2^31 elements or more", what);
    elements *= sizes[axis];
  }
  return {sizes, sizes + count};
}

std::vector<int> valuesOf(int count, const int values[], int least, const char* what) {
  if (values == nullptr) reject("no %s", what);
  for (int axis = 0; axis < count; ++axis) {
    if (values[axis] < least) reject("%s of %d", what, values[axis]);
  }
  return {values, values + count};
}

}  // namespace

int64_t elementsOf(const std::vector<int>& sizes) {
  int64_t elements = 1;
  for (const int size : sizes) elements *= size;
  return elements;
}

const TensorObject& used(Tensor tensor, const char* what) {
  const TensorObject& object = living(tensor);
  if (object.sizes.empty()) reject("the descriptor of %s was never set", what);
  return object;
}

const FilterObject& used(Filter filter) {
  const FilterObject& object = living(filter);
  if (object.sizes.empty()) reject("the filter descriptor was never set");
  return object;
}

const ConvolutionObject& used(Convolution convolution) {
  const ConvolutionObject& object = living(convolution);
  if (object.stride.empty()) reject("the convolution descriptor was never set");
  return object;
}

double factor(const void* value, DataType type, const char* what) {
  if (value == nullptr) reject("%s is missing", what);
  if (type == kDouble) return *static_cast<const double*>(value);
  return *static_cast<const float*>(value);
}

// The names as they are exported.
VK_STAND_IN size_t cudnnGetVersion() {
  const char* const pretended = std::getenv("VOXKERN_CUDNN_VERSION");
  return pretended != nullptr ? std::strtoull(pretended, nullptr, 10) : 92500;
}

VK_STAND_IN const char* cudnnGetErrorString(Status status) {
  switch (status) {
    case kSuccess:
      return "CUDNN_STATUS_SUCCESS";
    case kNotSupported:
      return "CUDNN_STATUS_NOT_SUPPORTED";
    case kBadParameter:
      return "CUDNN_STATUS_BAD_PARAM";
    default:
      return "CUDNN_STATUS_EXECUTION_FAILED";
  }
}

VK_STAND_IN Status cudnnCreate(Handle* handle) { return create("cudnnCreate", handle); }
VK_STAND_IN Status cudnnDestroy(Handle handle) { return destroy("cudnnDestroy", handle); }
VK_STAND_IN Status cudnnSetStream(Handle handle, cudaStream_t stream) {
  return entry("cudnnSetStream", [&] {
    HandleObject& object = living(handle);
    if (stream == nullptr) reject("the default stream, which nothing here runs on");
    object.stream = stream;
    object.streamIsSet = true;
  });
}

#define VK_STAND_IN_OBJECT(Name, Object)                 \
  VK_STAND_IN Status cudnnCreate##Name(Object* object) { \
    return create("cudnnCreate" #Name, object);          \
  }                                                      \
  VK_STAND_IN Status cudnnDestroy##Name(Object object) { \
    return destroy("cudnnDestroy" #Name, object);        \
  }
VK_STAND_IN_OBJECT(TensorDescriptor, Tensor)
VK_STAND_IN_OBJECT(FilterDescriptor, Filter)
VK_STAND_IN_OBJECT(ConvolutionDescriptor, Convolution)
VK_STAND_IN_OBJECT(ActivationDescriptor, Activation)
VK_STAND_IN_OBJECT(PoolingDescriptor, Pooling)

VK_STAND_IN Status cudnnSetTensorNdDescriptor(Tensor tensor, DataType type, int axes,
                                              const int sizes[], const int strides[]) {
  return entry("cudnnSetTensorNdDescriptor", [&] {
    TensorObject& object = living(tensor);
    requireType(type);
    object.sizes = sizesOf(axes, sizes, "a tensor");
    object.type = type;
    valuesOf(axes, strides, 1, "a tensor's stride");
    int64_t dense = 1;
    for (int axis = axes - 1; axis >= 0; --axis) {
      if (strides[axis] != dense) {
        reject("axis %d of a tensor has the stride %d, dense it is %lld", axis, strides[axis],
               static_cast<long long>(dense));
      }
      dense *= sizes[axis];
    }
  });
}

VK_STAND_IN Status cudnnSetFilterNdDescriptor(Filter filter, DataType type, TensorFormat format,
                                              int axes, const int sizes[]) {
  return entry("cudnnSetFilterNdDescriptor", [&] {
    FilterObject& object = living(filter);
    requireType(type);
    if (format != kNchw) reject("a filter of format %d", int(format));
    object.sizes = sizesOf(axes, sizes, "a filter");
    object.type = type;
  });
}

VK_STAND_IN Status cudnnSetConvolutionNdDescriptor(Convolution convolution, int axes,
                                                   const int padding[], const int stride[],
                                                   const int dilation[], ConvolutionMode mode,
                                                   DataType type) {
  return entry("cudnnSetConvolutionNdDescriptor", [&] {
    ConvolutionObject& object = living(convolution);
    if (axes < 2 || axes > 3) reject("a convolution along %d axes", axes);
    if (mode != kCrossCorrelation) reject("a convolution of mode %d, turned round", int(mode));
    requireType(type);
    object.padding = valuesOf(axes, padding, 0, "a padding");
    object.stride = valuesOf(axes, stride, 1, "a stride");
    object.dilation = valuesOf(axes, dilation, 1, "a dilation");
    object.type = type;
  });
}

VK_STAND_IN Status cudnnSetConvolutionGroupCount(Convolution convolution, int groups) {
  return entry("cudnnSetConvolutionGroupCount", [&] {
    if (groups < 1) reject("%d groups", groups);
    living(convolution).groups = groups;
  });
}

VK_STAND_IN Status cudnnSetConvolutionMathType(Convolution convolution, MathType math) {
  return entry("cudnnSetConvolutionMathType", [&] {
    if (math < kDefaultMath || math > kFmaMath) reject("a mathematics of type %d", int(math));
    living(convolution).math = math;
  });
}

VK_STAND_IN Status cudnnSetActivationDescriptor(Activation activation, ActivationMode mode,
                                                NanPropagation nan, double) {
  return entry("cudnnSetActivationDescriptor", [&] {
    ActivationObject& object = living(activation);
    if (nan != kPropagateNan) reject("an activation that loses NaN");
    object.mode = mode;
    object.set = true;
  });
}

VK_STAND_IN Status cudnnSetPoolingNdDescriptor(Pooling pooling, PoolingMode mode,
                                               NanPropagation nan, int axes, const int window[],
                                               const int padding[], const int stride[]) {
  return entry("cudnnSetPoolingNdDescriptor", [&] {
    PoolingObject& object = living(pooling);
    if (axes < 2 || axes > 3) reject("a pool along %d axes", axes);
    if (mode < kPoolMax || mode > kPoolMaxDeterministic) reject("a pool of mode %d", int(mode));
    if (nan != kPropagateNan) reject("a pool that loses NaN");
    object.mode = mode;
    object.window = valuesOf(axes, window, 1, "a window");
    object.padding = valuesOf(axes, padding, 0, "a padding");
    object.stride = valuesOf(axes, stride, 1, "a stride");
    for (int axis = 0; axis < axes; ++axis) {
      if (padding[axis] >= window[axis]) reject("a padding as wide as the window");
    }
  });
}

}  // namespace vk::cudnn
