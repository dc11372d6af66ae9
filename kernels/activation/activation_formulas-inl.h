// The functions and their derivatives, on vectors. Included by activation_cpu.cpp once an
// instruction set. A NaN argument gives NaN through `value`; the caller sees to it for
// `derivative`.

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** Parameters of a formula in f32. */
struct Formula {
  float alpha;
  float beta;
};

/** x gate, and 0 where the gate is shut: an infinite x has the limit of finite ones. */
template <class D, class V>
HWY_ATTR HWY_INLINE V gated(D d, V x, V gate) {
  return hn::IfThenZeroElse(hn::Eq(gate, hn::Zero(d)), hn::Mul(x, gate));
}

template <class D, class V>
HWY_ATTR HWY_INLINE V held(D d, V x, float low, float high) {
  return atMost(d, atLeast(d, x, low), high);
}

/** e / (1 + e)^2 with e = e^-|x|: the sigmoid's derivative. */
template <class D, class V>
HWY_ATTR HWY_INLINE V sigmoidSlope(D d, V x) {
  const V e = expOf(d, hn::Neg(hn::Abs(x)));
  const V sum = hn::Add(e, hn::Set(d, 1.0f));
  return hn::Div(e, hn::Mul(sum, sum));
}

/** sigmoid(v) + v sigmoid'(v) where |v| is not so large that it is 0 or 1 anyway. */
template <class D, class V>
HWY_ATTR HWY_INLINE V swishSlope(D d, V v) {
  const V one = hn::Set(d, 1.0f);
  const V within = held(d, v, -120.0f, 120.0f);
  const V e = expOf(d, hn::Neg(hn::Abs(within)));
  const V inverse = hn::Div(one, hn::Add(one, e));
  const V sigmoid = hn::IfThenElse(hn::Lt(v, hn::Zero(d)), hn::Mul(e, inverse), inverse);
  return hn::MulAdd(within, hn::Mul(hn::Mul(e, inverse), inverse), sigmoid);
}

struct Identity : Formula {
  template <class D, class V>
  HWY_ATTR HWY_INLINE V value(D, V x) const {
    return x;
  }
  template <class D, class V>
  HWY_ATTR HWY_INLINE V derivative(D d, V) const {
    return hn::Set(d, 1.0f);
  }
};

struct Relu : Formula {
  template <class D, class V>
  HWY_ATTR HWY_INLINE V value(D d, V x) const {
    return hn::IfThenZeroElse(hn::Lt(x, hn::Zero(d)), x);
  }
  template <class D, class V>
  HWY_ATTR HWY_INLINE V derivative(D d, V x) const {
    return hn::IfThenElseZero(hn::Gt(x, hn::Zero(d)), hn::Set(d, 1.0f));
  }
};

struct LeakyRelu : Formula {
  template <class D, class V>
  HWY_ATTR HWY_INLINE V value(D d, V x) const {
    return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Mul(x, hn::Set(d, alpha)), x);
  }
  template <class D, class V>
  HWY_ATTR HWY_INLINE V derivative(D d, V x) const {
    return hn::IfThenElse(hn::Gt(x, hn::Zero(d)), hn::Set(d, 1.0f), hn::Set(d, alpha));
  }
};

struct ThresholdedRelu : Formula {
  template <class D, class V>
  HWY_ATTR HWY_INLINE V value(D d, V x) const {
    return hn::IfThenZeroElse(hn::Le(x, hn::Set(d, alpha)), x);
  }
  template <class D, class V>
  HWY_ATTR HWY_INLINE V derivative(D d, V x) const {
    return hn::IfThenElseZero(hn::Gt(x, hn::Set(d, alpha)), hn::Set(d, 1.0f));
  }
};

struct Clip : Formula {
  template <class D, class V>
  HWY_ATTR HWY_INLINE V value(D d, V x) const {
    return held(d, x, alpha, beta);
  }
  template <class D, class V>
  HWY_ATTR HWY_INLINE V derivative(D d, V x) const {
    const auto inside = hn::And(hn::Gt(x, hn::Set(d, alpha)), hn::Lt(x, hn::Set(d, beta)));
    return hn::IfThenElseZero(inside, hn::Set(d, 1.0f));
  }
};

/** ELU, SELU and CELU: `above` x, or at and below zero `below` (e^(rate x) - 1). */
struct ExponentialUnit {
  float above;
  float below;
  float rate;
  template <class D, class V>
  HWY_ATTR HWY_INLINE V value(D d, V x) const {
    const V negative = expm1OfNegative(d, atMost(d, hn::Mul(x, hn::Set(d, rate)), 0.0f));
    return hn::IfThenElse(hn::Gt(x, hn::Zero(d)), hn::Mul(x, hn::Set(d, above)),
                          hn::Mul(negative, hn::Set(d, below)));
  }
  template <class D, class V>
  HWY_ATTR HWY_INLINE V derivative(D d, V x) const {
    const V e = expOf(d, hn::Mul(x, hn::Set(d, rate)));
    return hn::IfThenElse(hn::Gt(x, hn::Zero(d)), hn::Set(d, above),
                          hn::Mul(e, hn::Set(d, below * rate)));
  }
};

struct Gelu : Formula {
  template <class D, class V>
  HWY_ATTR HWY_INLINE V value(D d, V x) const {
    return gated(d, x, normalOf(d, x).cumulative);
  }
  template <class D, class V>
  HWY_ATTR HWY_INLINE V derivative(D d, V x) const {
    const V within = held(d, x, -20.0f, 20.0f);
    const auto normal = normalOf(d, within);
    return hn::MulAdd(within, normal.density, normal.cumulative);
  }
};

/** (1 + tanh u) / 2 is sigmoid(2 u). */
struct GeluTanh : Formula {
  static constexpr float kScale = 1.595769122f;  // 2 sqrt(2 / pi)
  static constexpr float kCubic = 1.595769122f * 0.044715f;
  template <class D, class V>
  HWY_ATTR HWY_INLINE V twiceU(D d, V x) const {
    const V square = hn::Mul(x, x);
    return hn::Mul(x, hn::MulAdd(square, hn::Set(d, kCubic), hn::Set(d, kScale)));
  }
  template <class D, class V>
  HWY_ATTR HWY_INLINE V value(D d, V x) const {
    return gated(d, x, sigmoidOf(d, twiceU(d, x)));
  }
  template <class D, class V>
  HWY_ATTR HWY_INLINE V derivative(D d, V x) const {
    const V within = held(d, x, -20.0f, 20.0f);
    const V v = twiceU(d, within);
    const V slope = hn::MulAdd(hn::Mul(within, within), hn::Set(d, 3 * kCubic), hn::Set(d, kScale));
    return hn::MulAdd(hn::Mul(within, slope), sigmoidSlope(d, v), sigmoidOf(d, v));
  }
};

struct Sigmoid : Formula {
  template <class D, class V>
  HWY_ATTR HWY_INLINE V value(D d, V x) const {
    return sigmoidOf(d, x);
  }
  template <class D, class V>
  HWY_ATTR HWY_INLINE V derivative(D d, V x) const {
    return sigmoidSlope(d, x);
  }
};

struct LogSigmoid : Formula {
  template <class D, class V>
  HWY_ATTR HWY_INLINE V value(D d, V x) const {
    return hn::Sub(atMost(d, x, 0.0f), log1pOfUnit(d, expOf(d, hn::Neg(hn::Abs(x)))));
  }
  template <class D, class V>
  HWY_ATTR HWY_INLINE V derivative(D d, V x) const {
    return sigmoidOf(d, hn::Neg(x));
  }
};

struct HardSigmoid : Formula {
  template <class D, class V>
  HWY_ATTR HWY_INLINE V value(D d, V x) const {
    return held(d, hn::MulAdd(x, hn::Set(d, alpha), hn::Set(d, beta)), 0.0f, 1.0f);
  }
  template <class D, class V>
  HWY_ATTR HWY_INLINE V derivative(D d, V x) const {
    const V line = hn::MulAdd(x, hn::Set(d, alpha), hn::Set(d, beta));
    const auto inside = hn::And(hn::Gt(line, hn::Zero(d)), hn::Lt(line, hn::Set(d, 1.0f)));
    return hn::IfThenElseZero(inside, hn::Set(d, alpha));
  }
};

struct Tanh : Formula {
  template <class D, class V>
  HWY_ATTR HWY_INLINE V value(D d, V x) const {
    return tanhOf(d, x);
  }
  template <class D, class V>
  HWY_ATTR HWY_INLINE V derivative(D d, V x) const {
    return hn::Mul(sigmoidSlope(d, hn::Add(x, x)), hn::Set(d, 4.0f));
  }
};

struct Swish : Formula {
  template <class D, class V>
  HWY_ATTR HWY_INLINE V value(D d, V x) const {
    return gated(d, x, sigmoidOf(d, hn::Mul(x, hn::Set(d, alpha))));
  }
  template <class D, class V>
  HWY_ATTR HWY_INLINE V derivative(D d, V x) const {
    return swishSlope(d, hn::Mul(x, hn::Set(d, alpha)));
  }
};

struct HardSwish : Formula {
  template <class D, class V>
  HWY_ATTR HWY_INLINE V value(D d, V x) const {
    const V gate = hn::MulAdd(x, hn::Set(d, 1.0f / 6), hn::Set(d, 0.5f));
    return gated(d, x, held(d, gate, 0.0f, 1.0f));
  }
  template <class D, class V>
  HWY_ATTR HWY_INLINE V derivative(D d, V x) const {
    const V inside = hn::MulAdd(x, hn::Set(d, 1.0f / 3), hn::Set(d, 0.5f));
    const V upper = hn::IfThenElse(hn::Lt(x, hn::Set(d, 3.0f)), inside, hn::Set(d, 1.0f));
    return hn::IfThenElseZero(hn::Gt(x, hn::Set(d, -3.0f)), upper);
  }
};

struct Softplus : Formula {
  template <class D, class V>
  HWY_ATTR HWY_INLINE V value(D d, V x) const {
    const V v = hn::Mul(x, hn::Set(d, alpha));
    const V log = log1pOfUnit(d, expOf(d, hn::Neg(hn::Abs(v))));
    return hn::Div(hn::Add(atLeast(d, v, 0.0f), log), hn::Set(d, alpha));
  }
  template <class D, class V>
  HWY_ATTR HWY_INLINE V derivative(D d, V x) const {
    return sigmoidOf(d, hn::Mul(x, hn::Set(d, alpha)));
  }
};

/** With e = e^-|x|, tanh(ln(1 + e^x)) is n / (n + 2 m): n = e (e + 2), m = 1 below zero and
 * n = 1 + 2 e, m = e^2 above. */
struct Mish : Formula {
  template <class V>
  struct Gate {
    V value;
    /** 1 - value. */
    V rest;
    V sigmoid;
  };
  template <class D, class V>
  HWY_ATTR HWY_INLINE Gate<V> gate(D d, V x) const {
    const V one = hn::Set(d, 1.0f);
    const V two = hn::Set(d, 2.0f);
    const V e = expOf(d, hn::Neg(hn::Abs(x)));
    const auto below = hn::Lt(x, hn::Zero(d));
    const V n = hn::IfThenElse(below, hn::Mul(e, hn::Add(e, two)), hn::MulAdd(e, two, one));
    const V m = hn::IfThenElse(below, two, hn::Mul(two, hn::Mul(e, e)));
    const V sum = hn::Add(n, m);
    return {hn::Div(n, sum), hn::Div(m, sum),
            hn::Div(hn::IfThenElse(below, e, one), hn::Add(one, e))};
  }
  template <class D, class V>
  HWY_ATTR HWY_INLINE V value(D d, V x) const {
    return gated(d, x, gate(d, x).value);
  }
  template <class D, class V>
  HWY_ATTR HWY_INLINE V derivative(D d, V x) const {
    const V within = held(d, x, -120.0f, 120.0f);
    const Gate<V> g = gate(d, within);
    const V slope = hn::Mul(hn::Mul(g.rest, hn::Add(g.value, hn::Set(d, 1.0f))), g.sigmoid);
    return hn::MulAdd(within, slope, g.value);
  }
};

struct Softsign : Formula {
  template <class D, class V>
  HWY_ATTR HWY_INLINE V value(D d, V x) const {
    const V finite = held(d, x, -3.402823466e38f, 3.402823466e38f);
    return hn::Div(finite, hn::Add(hn::Abs(finite), hn::Set(d, 1.0f)));
  }
  template <class D, class V>
  HWY_ATTR HWY_INLINE V derivative(D d, V x) const {
    const V inverse = hn::Div(hn::Set(d, 1.0f), hn::Add(hn::Abs(x), hn::Set(d, 1.0f)));
    return hn::Mul(inverse, inverse);
  }
};

/** body(formula) for the kind. */
template <class Body>
HWY_ATTR void withFormula(const ActivationArgs& args, Body&& body) {
  const Formula formula{float(args.alpha), float(args.beta)};
  constexpr float kSeluScale = 1.05070098735548f;
  constexpr float kSeluAlpha = 1.67326324235438f;
  switch (args.kind) {
    case VK_ACTIVATION_NONE:
      return body(Identity{formula});
    case VK_ACTIVATION_RELU:
      return body(Relu{formula});
    case VK_ACTIVATION_LEAKY_RELU:
      return body(LeakyRelu{formula});
    case VK_ACTIVATION_THRESHOLDED_RELU:
      return body(ThresholdedRelu{formula});
    case VK_ACTIVATION_CLIP:
      return body(Clip{formula});
    case VK_ACTIVATION_ELU:
      return body(ExponentialUnit{1.0f, formula.alpha, 1.0f});
    case VK_ACTIVATION_SELU:
      return body(ExponentialUnit{kSeluScale, kSeluScale * kSeluAlpha, 1.0f});
    case VK_ACTIVATION_CELU:
      return body(ExponentialUnit{1.0f, formula.alpha, 1.0f / formula.alpha});
    case VK_ACTIVATION_GELU:
      return body(Gelu{formula});
    case VK_ACTIVATION_GELU_TANH:
      return body(GeluTanh{formula});
    case VK_ACTIVATION_SIGMOID:
      return body(Sigmoid{formula});
    case VK_ACTIVATION_LOG_SIGMOID:
      return body(LogSigmoid{formula});
    case VK_ACTIVATION_HARD_SIGMOID:
      return body(HardSigmoid{formula});
    case VK_ACTIVATION_TANH:
      return body(Tanh{formula});
    case VK_ACTIVATION_SWISH:
      return body(Swish{formula});
    case VK_ACTIVATION_HARD_SWISH:
      return body(HardSwish{formula});
    case VK_ACTIVATION_SOFTPLUS:
      return body(Softplus{formula});
    case VK_ACTIVATION_MISH:
      return body(Mish{formula});
    case VK_ACTIVATION_SOFTSIGN:
      return body(Softsign{formula});
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();
