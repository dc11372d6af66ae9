// Element types and the conversions between them, over contiguous runs.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vki {

/** Numbered as vk_element_type; only the types that image files hold. */
enum class ElementType : int32_t {
  Bool = 0,
  I8 = 1,
  U8 = 2,
  I16 = 3,
  U16 = 4,
  I32 = 5,
  U32 = 6,
  I64 = 7,
  U64 = 8,
  F32 = 11,
  F64 = 12
};

/** The type of that number; throws where files and conversions do not know it. */
ElementType elementTypeOf(int32_t number);

const char* elementTypeName(ElementType type);

size_t elementBytes(ElementType type);

/** How stored numbers become values: value = slope stored + intercept. */
struct Scaling {
  double slope = 1;
  double intercept = 0;
  bool identity() const { return slope == 1 && intercept == 0; }
};

/** Reverses the bytes of each of `count` elements in place. */
void swapBytes(void* elements, size_t elementSize, size_t count);

/** out[i] = scaling(in[i stride]), converted; strides count elements. */
void convert(ElementType inType, const void* in, size_t stride, Scaling scaling,
             ElementType outType, void* out, size_t count);

/** out[i stride] = in[i] without conversion. */
void scatter(size_t elementSize, const void* in, void* out, size_t stride, size_t count);

}  // namespace vki
