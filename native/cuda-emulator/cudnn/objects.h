// What the stand-in for cuDNN knows of handles and descriptors, and how it says what is wrong.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cuda/cudnn_api.h"

namespace vk::cudnn {

// Statuses that are answers, not mistakes of the caller, by the numbers of cuDNN 9.
constexpr Status kBadParameter = 2000;
constexpr Status kNotSupported = 3000;

struct HandleObject {
  static constexpr const char* kKind = "handle";
  void* stream = nullptr;
  bool streamIsSet = false;
};

struct TensorObject {
  static constexpr const char* kKind = "tensor descriptor";
  DataType type{};
  std::vector<int> sizes;
};

struct FilterObject {
  static constexpr const char* kKind = "filter descriptor";
  DataType type{};
  std::vector<int> sizes;
};

struct ConvolutionObject {
  static constexpr const char* kKind = "convolution descriptor";
  std::vector<int> padding, stride, dilation;
  DataType type{};
  int groups = 1;
  MathType math = kDefaultMath;
};

struct ActivationObject {
  static constexpr const char* kKind = "activation descriptor";
  bool set = false;
  ActivationMode mode{};
};

struct PoolingObject {
  static constexpr const char* kKind = "pooling descriptor";
  PoolingMode mode{};
  std::vector<int> window, padding, stride;
};

// --- findings: mistakes of whoever calls

/** Prints it and ends the process with code 66, or, where findings are kept, remembers it. */
void find(const char* pattern, ...) __attribute__((format(printf, 1, 2)));

/** Thrown after a finding that is kept, and for what is no mistake but cannot be done: the call
 * gives the status. */
struct Failed {
  Status status;
};
[[noreturn]] void reject(const char* pattern, ...) __attribute__((format(printf, 1, 2)));

/** Counts a call by its name and gives the status that the body throws. */
void noteCall(const char* name);
template <class Body>
Status entry(const char* name, const Body& body) {
  noteCall(name);
  try {
    body();
    return kSuccess;
  } catch (const Failed& failed) {
    return failed.status;
  }
}

// --- which objects there are

void remember(const void* object, const char* kind);
/** A finding unless it is a living object of that kind. */
void requireLiving(const void* object, const char* kind);
void forgetObject(const void* object, const char* kind);

template <class Object>
Status create(const char* name, Object** object) {
  return entry(name, [&] {
    if (object == nullptr) reject("%s: no place for the result", name);
    *object = new Object;
    remember(*object, Object::kKind);
  });
}

template <class Object>
Status destroy(const char* name, Object* object) {
  return entry(name, [&] {
    forgetObject(object, Object::kKind);
    delete object;
  });
}

template <class Object>
const Object& living(const Object* object) {
  requireLiving(object, Object::kKind);
  return *object;
}
template <class Object>
Object& living(Object* object) {
  requireLiving(object, Object::kKind);
  return *object;
}

// --- what descriptors say

inline int64_t elementBytes(DataType type) { return type == kDouble ? 8 : 4; }
int64_t elementsOf(const std::vector<int>& sizes);
/** A finding where it was never set. */
const TensorObject& used(Tensor tensor, const char* what);
const FilterObject& used(Filter filter);
const ConvolutionObject& used(Convolution convolution);

/** A finding unless `memory` is of the device and has as many bytes. */
void requireDevice(const void* memory, int64_t bytes, const char* what);
/** A finding where the two share a byte. */
void requireApart(const void* a, int64_t aBytes, const void* b, int64_t bBytes, const char* what);

/** A factor of the host, in the tensors' type. */
double factor(const void* value, DataType type, const char* what);

/** Memory that work reads or writes. */
struct Memory {
  const void* at;
  int64_t bytes;
  const char* what;
};
/** Runs `work` when the handle's stream comes to it; as often as a recording of it is replayed. All
 * its memory has to be there still. */
void onStream(Handle handle, std::vector<Memory> memory, std::function<void()> work);

}  // namespace vk::cudnn
