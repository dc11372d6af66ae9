#include "elements.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

#include "status.h"

namespace vki {
namespace {

template <class Body>
void withType(ElementType type, Body&& body) {
  switch (type) {
    case ElementType::Bool:
    case ElementType::U8:
      return body(uint8_t{});
    case ElementType::I8:
      return body(int8_t{});
    case ElementType::I16:
      return body(int16_t{});
    case ElementType::U16:
      return body(uint16_t{});
    case ElementType::I32:
      return body(int32_t{});
    case ElementType::U32:
      return body(uint32_t{});
    case ElementType::I64:
      return body(int64_t{});
    case ElementType::U64:
      return body(uint64_t{});
    case ElementType::F32:
      return body(float{});
    case ElementType::F64:
      return body(double{});
  }
}

/** Conversion that never is undefined: rounds to even, clamps, NaN to 0. */
template <class Out, class In>
Out converted(In value) {
  using Limits = std::numeric_limits<Out>;
  if constexpr (std::is_floating_point_v<Out>) {
    return static_cast<Out>(value);
  } else if constexpr (std::is_floating_point_v<In>) {
    // The largest value of a wide integer type is not a floating-point number: compare with the
    // power of two above it.
    const In above = std::ldexp(In{1}, Limits::digits);
    const In rounded = std::nearbyint(value);
    if (!(rounded < above)) return std::isnan(value) ? Out{0} : Limits::max();
    if (rounded < static_cast<In>(Limits::min())) return Limits::min();
    return static_cast<Out>(rounded);
  } else {
    if (std::cmp_less(value, Limits::min())) return Limits::min();
    if (std::cmp_greater(value, Limits::max())) return Limits::max();
    return static_cast<Out>(value);
  }
}

template <class Unsigned>
void swapEach(unsigned char* bytes, size_t count) {
  for (size_t i = 0; i < count; i++, bytes += sizeof(Unsigned)) {
    Unsigned value;
    std::memcpy(&value, bytes, sizeof value);
    if constexpr (sizeof(Unsigned) == 2) value = __builtin_bswap16(value);
    if constexpr (sizeof(Unsigned) == 4) value = __builtin_bswap32(value);
    if constexpr (sizeof(Unsigned) == 8) value = __builtin_bswap64(value);
    std::memcpy(bytes, &value, sizeof value);
  }
}

template <class Element>
void scatterEach(const void* in, void* out, size_t stride, size_t count) {
  const auto* source = static_cast<const Element*>(in);
  auto* target = static_cast<Element*>(out);
  for (size_t i = 0; i < count; i++) target[i * stride] = source[i];
}

}  // namespace

ElementType elementTypeOf(int32_t number) {
  if ((number >= 0 && number <= 8) || number == 11 || number == 12) {
    return static_cast<ElementType>(number);
  }
  invalidArgument("images are not read or written as element type number " +
                  std::to_string(number));
}

const char* elementTypeName(ElementType type) {
  switch (type) {
    case ElementType::Bool:
      return "bool";
    case ElementType::I8:
      return "i8";
    case ElementType::U8:
      return "u8";
    case ElementType::I16:
      return "i16";
    case ElementType::U16:
      return "u16";
    case ElementType::I32:
      return "i32";
    case ElementType::U32:
      return "u32";
    case ElementType::I64:
      return "i64";
    case ElementType::U64:
      return "u64";
    case ElementType::F32:
      return "f32";
    case ElementType::F64:
      return "f64";
  }
  return "?";
}

size_t elementBytes(ElementType type) {
  size_t bytes = 0;
  withType(type, [&](auto element) { bytes = sizeof element; });
  return bytes;
}

void swapBytes(void* elements, size_t elementSize, size_t count) {
  auto* bytes = static_cast<unsigned char*>(elements);
  if (elementSize == 2) swapEach<uint16_t>(bytes, count);
  if (elementSize == 4) swapEach<uint32_t>(bytes, count);
  if (elementSize == 8) swapEach<uint64_t>(bytes, count);
}

void convert(ElementType inType, const void* in, size_t stride, Scaling scaling,
             ElementType outType, void* out, size_t count) {
  withType(inType, [&](auto inElement) {
    using In = decltype(inElement);
    const In* source = static_cast<const In*>(in);
    withType(outType, [&](auto outElement) {
      using Out = decltype(outElement);
      Out* target = static_cast<Out*>(out);
      if (!scaling.identity()) {
        const double slope = scaling.slope;
        const double intercept = scaling.intercept;
        for (size_t i = 0; i < count; i++) {
          target[i] = converted<Out>(slope * static_cast<double>(source[i * stride]) + intercept);
        }
      } else if (outType == ElementType::Bool) {
        for (size_t i = 0; i < count; i++) target[i] = Out(source[i * stride] != In{0});
      } else if (stride == 1 && std::is_same_v<In, Out>) {
        std::memcpy(target, source, count * sizeof(In));
      } else if (stride == 1) {
        for (size_t i = 0; i < count; i++) target[i] = converted<Out>(source[i]);
      } else {
        for (size_t i = 0; i < count; i++) target[i] = converted<Out>(source[i * stride]);
      }
    });
  });
}

void scatter(size_t elementSize, const void* in, void* out, size_t stride, size_t count) {
  switch (elementSize) {
    case 1:
      return scatterEach<uint8_t>(in, out, stride, count);
    case 2:
      return scatterEach<uint16_t>(in, out, stride, count);
    case 4:
      return scatterEach<uint32_t>(in, out, stride, count);
    default:
      return scatterEach<uint64_t>(in, out, stride, count);
  }
}

}  // namespace vki
