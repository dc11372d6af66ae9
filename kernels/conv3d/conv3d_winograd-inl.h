// Winograd's transforms along one axis. Included after core/simd_begin.h, once an instruction set.
//
// F(2, 3) has the points 0, 1, -1 and infinity; F(4, 3) has 0, 1, -1, 1/2, -2 and infinity, which
// err less than 2 and -2 or 1/2 and -1/2 do. With stride 2, F(2, 2) has 0, 1 and infinity, F(4, 2)
// has 0, 1, -1, 1/2 and infinity.
#if defined(VK_CONV3D_WINOGRAD_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_CONV3D_WINOGRAD_INL_H
#undef VK_CONV3D_WINOGRAD_INL_H
#else
#define VK_CONV3D_WINOGRAD_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using WinogradTag = hn::ScalableTag<float>;
using WinogradVec = hn::Vec<WinogradTag>;

/** Inputs d, `step` apart, to values. */
template <int Outputs>
HWY_ATTR HWY_INLINE void transformInputs(const WinogradVec* d, int step, WinogradVec* values) {
  const WinogradTag tag;
  if constexpr (Outputs == 1) {
    values[0] = d[0];
  } else if constexpr (Outputs == 2) {
    const WinogradVec d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step];
    values[0] = hn::Sub(d0, d2);
    values[1] = hn::Add(d1, d2);
    values[2] = hn::Sub(d2, d1);
    values[3] = hn::Sub(d1, d3);
  } else {
    const WinogradVec d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step],
                      d5 = d[5 * step];
    const WinogradVec more = hn::Set(tag, 1.5f);
    const WinogradVec even = hn::Sub(d4, d2);
    const WinogradVec odd = hn::Sub(d3, d1);
    const WinogradVec evenPart = hn::MulAdd(more, d3, even);
    const WinogradVec oddPart = hn::MulAdd(more, d2, odd);
    values[0] = hn::MulAdd(more, odd, hn::Add(hn::Sub(d0, d2), even));
    values[1] = hn::Add(evenPart, oddPart);
    values[2] = hn::Sub(evenPart, oddPart);
    values[3] = hn::MulAdd(hn::Set(tag, 2.0f), odd, even);
    values[4] = hn::NegMulAdd(hn::Set(tag, 0.5f), odd, even);
    values[5] = hn::MulAdd(more, even, hn::Sub(hn::Sub(d5, d3), odd));
  }
}

/** With stride 2: inputs that meet the outer taps, `step` apart, to values. */
template <int Outputs>
HWY_ATTR HWY_INLINE void transformOuter(const WinogradVec* d, int step, WinogradVec* values) {
  if constexpr (Outputs == 2) {
    values[0] = hn::Sub(d[0], d[step]);
    values[1] = d[step];
    values[2] = hn::Sub(d[2 * step], d[step]);
  } else {
    const WinogradTag tag;
    const WinogradVec half = hn::Set(tag, 0.5f);
    const WinogradVec d1 = d[step], d2 = d[2 * step], d3 = d[3 * step];
    const WinogradVec odd = hn::Sub(d3, d1);
    values[0] = hn::MulAdd(half, hn::Sub(d[0], d2), odd);
    values[1] = hn::MulAdd(half, hn::Sub(d2, d1), d3);
    values[2] = hn::NegMulAdd(hn::Set(tag, 1.5f), d2, hn::MulAdd(half, d1, d3));
    values[3] = odd;
    values[4] = hn::NegMulAdd(half, odd, hn::Sub(d[4 * step], d2));
  }
}

/** Sums m of products, `step` apart, to outputs. */
template <int Outputs, int Stride = 1>
HWY_ATTR HWY_INLINE void transformSums(const WinogradVec* m, int step, WinogradVec* outputs) {
  const WinogradTag tag;
  if constexpr (Stride == 2) {
    const auto middle = [&](int i) HWY_ATTR { return m[(Outputs + 1 + i) * step]; };
    const WinogradVec m1 = m[step], m2 = m[2 * step];
    if constexpr (Outputs == 2) {
      outputs[0] = hn::Add(hn::Add(m[0], m1), middle(0));
      outputs[1] = hn::Add(hn::Add(m1, m2), middle(1));
    } else {
      const WinogradVec m3 = m[3 * step];
      const WinogradVec sum = hn::Add(m1, m2);
      const WinogradVec difference = hn::Sub(m1, m2);
      const auto part = [&](WinogradVec rest, float weight, int i) HWY_ATTR {
        return hn::MulAdd(hn::Set(tag, weight), m3, hn::Add(rest, middle(i)));
      };
      outputs[0] = hn::Add(part(sum, 1.0f, 0), m[0]);
      outputs[1] = part(difference, 0.5f, 1);
      outputs[2] = part(sum, 0.25f, 2);
      outputs[3] = hn::Add(part(difference, 0.125f, 3), m[4 * step]);
    }
  } else if constexpr (Outputs == 1) {
    outputs[0] = m[0];
  } else if constexpr (Outputs == 2) {
    const WinogradVec m1 = m[step], m2 = m[2 * step];
    outputs[0] = hn::Add(m[0], hn::Add(m1, m2));
    outputs[1] = hn::Sub(hn::Sub(m1, m2), m[3 * step]);
  } else {
    const WinogradVec m1 = m[step], m2 = m[2 * step], m3 = m[3 * step], m4 = m[4 * step];
    const WinogradVec sum = hn::Add(m1, m2);
    const WinogradVec difference = hn::Sub(m1, m2);
    const auto part = [&](WinogradVec rest, float half, float two) HWY_ATTR {
      return hn::MulAdd(hn::Set(tag, half), m3, hn::MulAdd(hn::Set(tag, two), m4, rest));
    };
    outputs[0] = hn::Add(hn::Add(m[0], sum), hn::Add(m3, m4));
    outputs[1] = part(difference, 0.5f, -2.0f);
    outputs[2] = part(sum, 0.25f, 4.0f);
    outputs[3] = part(hn::Add(difference, m[5 * step]), 0.125f, -8.0f);
  }
}

/** Three weights, `step` apart, to winogradWeights() values, `valueStep` apart. */
template <int Outputs, int Stride = 1>
HWY_ATTR inline void transformWeights(const double* g, int step, double* values, int valueStep) {
  if constexpr (Outputs == 1) {
    values[0] = g[0];
  } else if constexpr (Stride == 2) {
    const double g0 = g[0], g2 = g[2 * step];
    values[Outputs * valueStep] = g2;
    values[(Outputs + 1) * valueStep] = g[step];
    if constexpr (Outputs == 2) {
      values[0] = g0;
      values[valueStep] = g0 + g2;
    } else {
      values[0] = 2 * g0;
      values[valueStep] = g0 + g2;
      values[2 * valueStep] = (g0 - g2) / -3;
      values[3 * valueStep] = (g0 + g2 / 2) / -0.375;
    }
  } else {
    const double g0 = g[0], g1 = g[step], g2 = g[2 * step];
    if constexpr (Outputs == 2) {
      values[valueStep] = (g0 + g1 + g2) / 2;
      values[2 * valueStep] = (g0 - g1 + g2) / 2;
    } else {
      values[valueStep] = (g0 + g1 + g2) / 3;
      values[2 * valueStep] = (g0 - g1 + g2) / -3;
      values[3 * valueStep] = (g0 + g1 / 2 + g2 / 4) / -0.9375;
      values[4 * valueStep] = (g0 - 2 * g1 + 4 * g2) / 15;
    }
    values[0] = g0;
    values[(Outputs + 1) * valueStep] = g2;
  }
}

/** Two or four vectors, dealt in turn. */
template <int Count>
HWY_ATTR HWY_INLINE void loadDealt(const float* from, WinogradVec* to) {
  const WinogradTag d;
  if constexpr (Count == 2) {
    hn::LoadInterleaved2(d, from, to[0], to[1]);
  } else {
    hn::LoadInterleaved4(d, from, to[0], to[1], to[2], to[3]);
  }
}

template <int Count>
HWY_ATTR HWY_INLINE void storeDealt(const WinogradVec* from, float* to) {
  const WinogradTag d;
  if constexpr (Count == 2) {
    hn::StoreInterleaved2(from[0], from[1], d, to);
  } else {
    hn::StoreInterleaved4(from[0], from[1], from[2], from[3], d, to);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
