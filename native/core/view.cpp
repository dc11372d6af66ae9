#include "core/view.h"

#include "core/context.h"

namespace vk {

int64_t elementSize(vk_element_type type) {
  switch (type) {
    case VK_BOOL:
    case VK_I8:
    case VK_U8:
      return 1;
    case VK_I16:
    case VK_U16:
    case VK_BF16:
    case VK_F16:
      return 2;
    case VK_I32:
    case VK_U32:
    case VK_F32:
      return 4;
    case VK_I64:
    case VK_U64:
    case VK_F64:
      return 8;
  }
  invalidArgument("unknown element type %d", static_cast<int>(type));
}

const char* elementTypeName(vk_element_type type) {
  static const char* const names[] = {"bool", "i8",  "u8",   "i16", "u16", "i32", "u32",
                                      "i64",  "u64", "bf16", "f16", "f32", "f64"};
  return type >= VK_BOOL && type <= VK_F64 ? names[type] : "unknown type";
}

std::string describe(const vk_view& view) {
  std::string text = std::string(elementTypeName(view.type)) + " (";
  for (int32_t i = 0; i < view.rank; ++i) {
    text += (i ? ", " : "") + std::to_string(view.sizes[i]);
  }
  return text + ")";
}

int64_t elementCount(const vk_view& view) {
  int64_t count = 1;
  for (int32_t i = 0; i < view.rank; ++i) count *= view.sizes[i];
  return count;
}

bool sameSizes(const vk_view& a, const vk_view& b) {
  if (a.rank != b.rank) return false;
  for (int32_t i = 0; i < a.rank; ++i) {
    if (a.sizes[i] != b.sizes[i]) return false;
  }
  return true;
}

bool isContiguous(const vk_view& view) {
  int64_t expected = 1;
  for (int32_t i = view.rank - 1; i >= 0; --i) {
    if (view.sizes[i] > 1 && view.strides[i] != expected) return false;
    expected *= view.sizes[i];
  }
  return true;
}

namespace {

std::string placeOf(vk_device device, int32_t index) {
  return device == VK_DEVICE_HOST ? "host memory" : format("memory of CUDA device %d", index);
}

/** Checks that the memory is where the context of the running call computes. */
void requirePlace(const char* operation, const char* name, const vk_view& view) {
  const vk_context* const context = CallContext::get();
  const bool onDevice = context != nullptr && context->device != nullptr;
  const vk_device wanted = onDevice ? VK_DEVICE_CUDA : VK_DEVICE_HOST;
  const int32_t index = onDevice ? context->deviceIndex : 0;
  if (view.device == wanted && (!onDevice || view.device_index == index)) return;
  unsupported("%s: %s is in %s, but the context computes in %s", operation, name,
              placeOf(view.device, view.device_index).c_str(), placeOf(wanted, index).c_str());
}

}  // namespace

void requireDenseAny(const char* operation, const char* name, const vk_view* view) {
  if (!present(view)) invalidArgument("%s: %s is missing", operation, name);
  if (view->rank < 0 || view->rank > VK_MAX_RANK) {
    invalidArgument("%s: %s has rank %d, expected 0 to %d", operation, name, view->rank,
                    VK_MAX_RANK);
  }
  for (int32_t i = 0; i < view->rank; ++i) {
    if (view->sizes[i] < 0) {
      invalidArgument("%s: %s has a negative size: %s", operation, name, describe(*view).c_str());
    }
  }
  requirePlace(operation, name, *view);
  if (view->layout != VK_LAYOUT_PLAIN || !isContiguous(*view)) {
    unsupported("%s: %s, %s, is not plain and contiguous", operation, name,
                describe(*view).c_str());
  }
}

void requireDense(const char* operation, const char* name, const vk_view* view,
                  vk_element_type type) {
  requireDenseAny(operation, name, view);
  if (view->type != type) {
    invalidArgument("%s: %s is %s, expected element type %s", operation, name,
                    describe(*view).c_str(), elementTypeName(type));
  }
}

void requireDenseFloat(const char* operation, const char* name, const vk_view* view) {
  requireDenseAny(operation, name, view);
  if (view->type != VK_F32 && view->type != VK_F64) {
    invalidArgument("%s: %s is %s, expected element type f32 or f64", operation, name,
                    describe(*view).c_str());
  }
}

void requireRank(const char* operation, const char* name, const vk_view& view, int32_t rank) {
  if (view.rank != rank) {
    invalidArgument("%s: %s has shape %s, expected rank %d", operation, name,
                    describe(view).c_str(), rank);
  }
}

void requireSameSizes(const char* operation, const char* nameA, const vk_view& a, const char* nameB,
                      const vk_view& b) {
  if (!sameSizes(a, b)) {
    invalidArgument("%s: %s is %s but %s is %s; the shapes must agree", operation, nameA,
                    describe(a).c_str(), nameB, describe(b).c_str());
  }
}

void requireSameType(const char* operation, const char* nameA, const vk_view& a, const char* nameB,
                     const vk_view& b) {
  if (a.type != b.type) {
    invalidArgument("%s: %s is %s but %s is %s; the element types must agree", operation, nameA,
                    describe(a).c_str(), nameB, describe(b).c_str());
  }
}

}  // namespace vk
