// What operations on f32 and f64 tensors of one type share.
#pragma once

#include "registry/registry.h"

namespace vk {

/** What a SIMD kernel of f32 accepts. */
template <class Args>
Refusal f32Only(const Args& args) {
  return args.type == VK_F32 ? Refusal() : "takes f32 only";
}

/** body(T()) with the element type, double or float: how what takes both is written once. */
template <class Body>
auto withFloats(vk_element_type type, const Body& body) {
  return type == VK_F64 ? body(double()) : body(float());
}

/** Checks a tensor that has to be like `like`: type and sizes. */
inline void requireLike(const char* operation, const char* name, const vk_view* view,
                        const char* likeName, const vk_view& like) {
  requireDense(operation, name, view, like.type);
  requireSameSizes(operation, name, *view, likeName, like);
}

/** Checks `values` numbers of the type, one for each of what `of` says. */
inline void requireValues(const char* operation, const char* name, const vk_view* view,
                          vk_element_type type, int64_t values, const char* of) {
  requireDense(operation, name, view, type);
  requireRank(operation, name, *view, 1);
  if (view->sizes[0] != values) {
    invalidArgument("%s: %s is %s, expected %lld values, one for each %s", operation, name,
                    describe(*view).c_str(), static_cast<long long>(values), of);
  }
}

}  // namespace vk
