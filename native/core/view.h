// Typed, checked access to vk_view.
#pragma once

#include <cstdint>
#include <string>

#include "core/status.h"
#include "voxkern/base.h"

namespace vk {

/** Size of one element in bytes. */
int64_t elementSize(vk_element_type type);
const char* elementTypeName(vk_element_type type);

inline bool present(const vk_view* view) { return view != nullptr && view->data != nullptr; }

/** "f32 (3, 160, 192, 224)", for messages. */
std::string describe(const vk_view& view);

int64_t elementCount(const vk_view& view);
bool sameSizes(const vk_view& a, const vk_view& b);
bool isContiguous(const vk_view& view);

/** Checks that the view is a present, plain, contiguous tensor of this type in the
 * memory that the context of the running call computes in; `name` goes into
 * the message. */
void requireDense(const char* operation, const char* name, const vk_view* view,
                  vk_element_type type);
/** The same for every element type. */
void requireDenseAny(const char* operation, const char* name, const vk_view* view);
/** The same for f32 or f64: the registration kernels take either, the fast ones f32 only. */
void requireDenseFloat(const char* operation, const char* name, const vk_view* view);
void requireRank(const char* operation, const char* name, const vk_view& view, int32_t rank);
void requireSameSizes(const char* operation, const char* nameA, const vk_view& a, const char* nameB,
                      const vk_view& b);
void requireSameType(const char* operation, const char* nameA, const vk_view& a, const char* nameB,
                     const vk_view& b);

template <class T>
T* dataOf(const vk_view* view) {
  return present(view) ? static_cast<T*>(view->data) : nullptr;
}

}  // namespace vk
