#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "convert/convert_cpu.cpp"
#include "core/simd_begin.h"
#include "core/simd_blocks.h"
#include "convert/convert.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace {

constexpr int64_t kChunk = 32768;

using D = hn::ScalableTag<double>;
using DI = hn::Rebind<int32_t, D>;

/** Nearest whole number, ties away from zero, of values clamped to [low, high]; 0 for NaN. */
HWY_INLINE HWY_ATTR hn::Vec<D> rounded(hn::Vec<D> value, double low, double high) {
  const D d;
  const auto number = hn::IfThenElseZero(hn::Eq(value, value), value);
  const auto clamped = hn::Min(hn::Max(number, hn::Set(d, low)), hn::Set(d, high));
  // Adding a half first would turn the number just below a half into 1.
  const auto whole = hn::Trunc(clamped);
  const auto rest = hn::Sub(clamped, whole);
  const auto away = hn::IfThenElseZero(hn::Ge(hn::Abs(rest), hn::Set(d, 0.5)),
                                       hn::CopySign(hn::Set(d, 1.0), rest));
  return hn::Add(whole, away);
}

HWY_INLINE HWY_ATTR void storeLanes(hn::Vec<DI> v, int8_t* to) {
  const hn::Rebind<int8_t, D> d8;
  hn::StoreU(hn::DemoteTo(d8, v), d8, to);
}
HWY_INLINE HWY_ATTR void storeLanes(hn::Vec<DI> v, uint8_t* to) {
  const hn::Rebind<uint8_t, D> d8;
  hn::StoreU(hn::DemoteTo(d8, v), d8, to);
}
HWY_INLINE HWY_ATTR void storeLanes(hn::Vec<DI> v, int16_t* to) {
  const hn::Rebind<int16_t, D> d16;
  hn::StoreU(hn::DemoteTo(d16, v), d16, to);
}
HWY_INLINE HWY_ATTR void storeLanes(hn::Vec<DI> v, uint16_t* to) {
  const hn::Rebind<uint16_t, D> d16;
  hn::StoreU(hn::DemoteTo(d16, v), d16, to);
}
HWY_INLINE HWY_ATTR void storeLanes(hn::Vec<DI> v, int32_t* to) { hn::StoreU(v, DI(), to); }

/** Integers of up to 32 bits; `block` is padded to a multiple of every lane count. */
template <class T>
HWY_ATTR void storeIntegers(const double* block, int64_t count, T* to, double low, double high) {
  const D d;
  const DI di;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    storeLanes(hn::DemoteTo(di, rounded(hn::LoadU(d, block + i), low, high)), to + i);
  }
  if (i < count) {
    T last[hn::MaxLanes(D())];
    storeLanes(hn::DemoteTo(di, rounded(hn::LoadU(d, block + i), low, high)), last);
    for (int64_t k = 0; i + k < count; ++k) to[i + k] = last[k];
  }
}

/** 64-bit integers, and u32, which the 32-bit conversions do not reach. */
template <class T>
HWY_ATTR void storeWide(const double* block, int64_t count, T* to, double low, double pastHigh,
                        T lowest, T highest) {
  for (int64_t i = 0; i < count; ++i) {
    const double value = block[i];
    if (value != value) {
      to[i] = 0;
    } else if (value >= pastHigh) {
      to[i] = highest;
    } else if (value <= low) {
      to[i] = lowest;
    } else {
      const T whole = static_cast<T>(value);
      const double rest = value - static_cast<double>(whole);
      // Within half a step of pastHigh the sum would wrap.
      if (rest >= 0.5) {
        to[i] = whole == highest ? highest : static_cast<T>(whole + 1);
      } else {
        to[i] = rest <= -0.5 ? static_cast<T>(whole - 1) : whole;
      }
    }
  }
}

HWY_ATTR inline uint64_t doubleBits(double value) {
  uint64_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  return bits;
}

/** The nearest multiple, ties to even, of the step that a format with this many mantissa bits and
 * this smallest exponent has at `magnitude`, which is finite and positive. */
HWY_ATTR inline double roundedToFormat(double magnitude, int mantissaBits, int leastExponent) {
  const int exponent = static_cast<int>(doubleBits(magnitude) >> 52) - 1023;
  const int step = (exponent > leastExponent ? exponent : leastExponent) - mantissaBits;
  // Adding 1.5 * 2^52 steps leaves no bits below one step.
  const uint64_t bits = static_cast<uint64_t>(step + 52 + 1023) << 52 | uint64_t{1} << 51;
  double shift;
  __builtin_memcpy(&shift, &bits, sizeof shift);
  const double shifted = magnitude + shift;
  return shifted - shift;
}

HWY_ATTR inline uint16_t toHalf(double value) {
  const uint32_t sign = static_cast<uint32_t>(doubleBits(value) >> 48) & 0x8000u;
  const double magnitude = value < 0 ? -value : value;
  if (value != value) return 0x7E00;
  if (magnitude >= 65536) return static_cast<uint16_t>(sign | 0x7C00u);
  if (magnitude == 0) return static_cast<uint16_t>(sign);
  const double nearest = roundedToFormat(magnitude, 10, -14);
  if (nearest < 0x1p-14) return static_cast<uint16_t>(sign | uint32_t(nearest * 0x1p24));
  // 65536 comes out as infinity here.
  const uint64_t bits = doubleBits(nearest);
  return static_cast<uint16_t>(sign | ((bits >> 42) - (uint64_t{1008} << 10)));
}

HWY_ATTR inline uint16_t toBfloat(double value) {
  const uint32_t sign = static_cast<uint32_t>(doubleBits(value) >> 48) & 0x8000u;
  const double magnitude = value < 0 ? -value : value;
  if (value != value) return 0x7FC0;
  if (magnitude >= 0x1p128) return static_cast<uint16_t>(sign | 0x7F80u);
  if (magnitude == 0) return static_cast<uint16_t>(sign);
  const float nearest = static_cast<float>(roundedToFormat(magnitude, 7, -126));
  uint32_t bits;
  __builtin_memcpy(&bits, &nearest, sizeof bits);
  return static_cast<uint16_t>(sign | (bits >> 16));
}

HWY_ATTR void storeBlock(vk_element_type type, const double* block, int64_t count, void* data,
                         int64_t offset) {
  switch (type) {
    case VK_BOOL: {
      uint8_t* const to = static_cast<uint8_t*>(data) + offset;
      for (int64_t i = 0; i < count; ++i) to[i] = block[i] != 0 ? 1 : 0;
      return;
    }
    case VK_I8:
      return storeIntegers(block, count, static_cast<int8_t*>(data) + offset, -128, 127);
    case VK_U8:
      return storeIntegers(block, count, static_cast<uint8_t*>(data) + offset, 0, 255);
    case VK_I16:
      return storeIntegers(block, count, static_cast<int16_t*>(data) + offset, -32768, 32767);
    case VK_U16:
      return storeIntegers(block, count, static_cast<uint16_t*>(data) + offset, 0, 65535);
    case VK_I32:
      return storeIntegers(block, count, static_cast<int32_t*>(data) + offset, -2147483648.0,
                           2147483647.0);
    case VK_U32:
      return storeWide<uint32_t>(block, count, static_cast<uint32_t*>(data) + offset, 0,
                                 4294967296.0, 0, UINT32_MAX);
    case VK_I64:
      return storeWide<int64_t>(block, count, static_cast<int64_t*>(data) + offset, -0x1p63, 0x1p63,
                                INT64_MIN, INT64_MAX);
    case VK_U64:
      return storeWide<uint64_t>(block, count, static_cast<uint64_t*>(data) + offset, 0, 0x1p64, 0,
                                 UINT64_MAX);
    case VK_BF16: {
      uint16_t* const to = static_cast<uint16_t*>(data) + offset;
      for (int64_t i = 0; i < count; ++i) to[i] = toBfloat(block[i]);
      return;
    }
    case VK_F16: {
      uint16_t* const to = static_cast<uint16_t*>(data) + offset;
      for (int64_t i = 0; i < count; ++i) to[i] = toHalf(block[i]);
      return;
    }
    case VK_F32: {
      float* const to = static_cast<float*>(data) + offset;
      for (int64_t i = 0; i < count; ++i) to[i] = static_cast<float>(block[i]);
      return;
    }
    case VK_F64:
      __builtin_memcpy(static_cast<double*>(data) + offset, block,
                       static_cast<size_t>(count) * sizeof(double));
      return;
  }
}

HWY_ATTR void convertRange(const ConvertArgs& args, int64_t begin, int64_t end) {
  const bool plain = args.scale == 1 && args.offset == 0;
  alignas(64) double block[kBlock + hn::MaxLanes(D())] = {};
  for (int64_t i = begin; i < end; i += kBlock) {
    const int64_t count = i + kBlock < end ? kBlock : end - i;
    loadBlock(args.inputType, args.input, i, count, block);
    if (!plain) {
      for (int64_t k = 0; k < count; ++k) block[k] = block[k] * args.scale + args.offset;
    }
    storeBlock(args.outputType, block, count, args.output, i);
  }
}

HWY_ATTR void copyBetween64(const ConvertArgs& args, int64_t begin, int64_t end) {
  // The bits of a number that both types hold are the same; the others saturate.
  const int64_t* const from = static_cast<const int64_t*>(args.input);
  int64_t* const to = static_cast<int64_t*>(args.output);
  const int64_t saturated = args.outputType == VK_U64 ? 0 : INT64_MAX;
  for (int64_t i = begin; i < end; ++i) to[i] = from[i] < 0 ? saturated : from[i];
}

}  // namespace

void convertCpu(const ConvertArgs& args, Context& context, const Workspace&) {
  const bool plain = args.scale == 1 && args.offset == 0;
  const auto wide = [](vk_element_type type) { return type == VK_I64 || type == VK_U64; };
  const bool same = plain && args.inputType == args.outputType && args.inputType != VK_BOOL;
  const bool between64 = plain && wide(args.inputType) && wide(args.outputType);
  const int64_t bytes = elementSize(args.inputType);
  parallelFor(context, chunkCount(args.count, kChunk), [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(args.count, kChunk, chunk);
    if (same) {
      __builtin_memcpy(static_cast<char*>(args.output) + range.begin * bytes,
                       static_cast<const char*>(args.input) + range.begin * bytes,
                       static_cast<size_t>((range.end - range.begin) * bytes));
    } else if (between64) {
      copyBetween64(args, range.begin, range.end);
    } else {
      convertRange(args, range.begin, range.end);
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(convertCpu);

}  // namespace vk
#endif
