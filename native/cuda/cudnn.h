// cuDNN, where it is: found and loaded once a process, with the reason where it is not used.
// Operations have rows of it beside their own kernels; see README.md.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "cuda/cuda_device.h"
#include "cuda/cudnn_api.h"
#include "registry/registry.h"

namespace vk::cudnn {

/** Why no row of cuDNN is taken on this machine; empty where it is there. Loads it at the first
 * call. */
Refusal missing();
/** Rows of cuDNN are taken wherever they can be, not only where they are expected to be faster: for
 * tests. */
bool whereverPossible();
const Functions& functions();

/** Throws what a call failed with; `what` is the function. */
void check(Status status, const char* what);
/** cudnn::call(&Functions::SetStream, "SetStream", ...) by macro: VK_CUDNN(SetStream, ...). */
#define VK_CUDNN(name, ...) \
  ::vk::cudnn::check(::vk::cudnn::functions().name(__VA_ARGS__), "cudnn" #name)

/** Of the context's device, set to its stream. */
Handle handleOf(Context& context);
/** Gives back what belongs to a device that is closed. */
void forget(const cuda::CudaDevice& device) noexcept;

/** A descriptor, destroyed at the end of its scope: calls in progress have copied it. */
template <class Object, Status (*Functions::*create)(Object*),
          Status (*Functions::*destroy)(Object)>
class Owned {
 public:
  explicit Owned(const char* what) { check((functions().*create)(&object_), what); }
  Owned(Owned&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Owned& operator=(Owned&&) = delete;
  ~Owned() {
    if (object_ != nullptr) (functions().*destroy)(object_);
  }
  operator Object() const { return object_; }

 private:
  Object object_ = nullptr;
};

using OwnedTensor =
    Owned<Tensor, &Functions::CreateTensorDescriptor, &Functions::DestroyTensorDescriptor>;
using OwnedFilter =
    Owned<Filter, &Functions::CreateFilterDescriptor, &Functions::DestroyFilterDescriptor>;
using OwnedConvolution = Owned<Convolution, &Functions::CreateConvolutionDescriptor,
                               &Functions::DestroyConvolutionDescriptor>;
using OwnedActivation = Owned<Activation, &Functions::CreateActivationDescriptor,
                              &Functions::DestroyActivationDescriptor>;
using OwnedPooling =
    Owned<Pooling, &Functions::CreatePoolingDescriptor, &Functions::DestroyPoolingDescriptor>;

using Sizes5 = std::array<int64_t, 5>;

DataType typeOf(vk_element_type type);
/** Of a dense tensor (N, C, D, H, W). */
OwnedTensor tensorOf(vk_element_type type, const Sizes5& sizes);
/** (O, C / groups, kz, ky, kx) */
OwnedFilter filterOf(vk_element_type type, const Sizes5& sizes);

/** Empty where cuDNN takes a tensor of such sizes: none of them 0, and below 2^31 elements. */
Refusal fits(const Sizes5& sizes);

/** 1 and 0 in the type that results are scaled in, which is the tensors'. */
struct Scale {
  explicit Scale(vk_element_type type, double value)
      : single(static_cast<float>(value)), twice(value), isDouble(type == VK_F64) {}
  operator const void*() const {
    return isDouble ? static_cast<const void*>(&twice) : static_cast<const void*>(&single);
  }
  float single;
  double twice;
  bool isDouble;
};

/** What cuDNN says about a problem. */
struct Choice {
  int algorithm = 0;
  int64_t workspaceBytes = 0;
  /** Empty where there is an algorithm. */
  Refusal refusal;
};
/** All that a choice depends on. */
using ChoiceKey = std::array<int64_t, 32>;

/** The choice for a problem: asked once, of the first device, and remembered. All devices have to
 * be alike, since plans do not say on which one they will run. */
Choice choose(const ChoiceKey& key, Choice (*ask)(Handle, const ChoiceKey&));

}  // namespace vk::cudnn
