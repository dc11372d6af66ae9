// The functions and their derivatives, of one number: what CUDA kernels compute, here and where an
// activation is fused. A NaN argument gives NaN through `value`; the caller sees to it for
// `derivative`.
#pragma once

#include <math.h>

#include "core/host_device.h"
#include "voxkern/activation.h"

namespace vk::activation {

template <class T>
VK_HD inline T held(T x, T low, T high) {
  return x < low ? low : x > high ? high : x;
}

/** x gate, and 0 where the gate is shut: an infinite x has the limit of finite ones. */
template <class T>
VK_HD inline T gated(T x, T gate) {
  return gate == 0 ? T(0) : x * gate;
}

template <class T>
VK_HD inline T sigmoid(T x) {
  const T e = exp(-fabs(x));
  return (x < 0 ? e : T(1)) / (T(1) + e);
}

/** e / (1 + e)^2 with e = e^-|x|: the sigmoid's derivative. */
template <class T>
VK_HD inline T sigmoidSlope(T x) {
  const T e = exp(-fabs(x));
  return e / ((T(1) + e) * (T(1) + e));
}

/** Parameters of a formula. */
template <class T>
struct Formula {
  using Number = T;
  T alpha;
  T beta;
  /** Beyond, smooth gates are open or shut to the last bit, and products of infinities and zeros
   * are not. */
  VK_HD static T within(T x) { return held(x, T(-1e3), T(1e3)); }
};

template <class T>
struct Identity : Formula<T> {
  VK_HD T value(T x) const { return x; }
  VK_HD T derivative(T) const { return T(1); }
};

template <class T>
struct Relu : Formula<T> {
  VK_HD T value(T x) const { return x < 0 ? T(0) : x; }
  VK_HD T derivative(T x) const { return x > 0 ? T(1) : T(0); }
};

template <class T>
struct LeakyRelu : Formula<T> {
  VK_HD T value(T x) const { return x < 0 ? this->alpha * x : x; }
  VK_HD T derivative(T x) const { return x > 0 ? T(1) : this->alpha; }
};

template <class T>
struct ThresholdedRelu : Formula<T> {
  VK_HD T value(T x) const { return x <= this->alpha ? T(0) : x; }
  VK_HD T derivative(T x) const { return x > this->alpha ? T(1) : T(0); }
};

template <class T>
struct Clip : Formula<T> {
  VK_HD T value(T x) const { return held(x, this->alpha, this->beta); }
  VK_HD T derivative(T x) const { return x > this->alpha && x < this->beta ? T(1) : T(0); }
};

/** ELU, SELU and CELU: `above` x, or at and below zero `below` (e^(rate x) - 1). */
template <class T>
struct ExponentialUnit {
  using Number = T;
  T above;
  T below;
  T rate;
  VK_HD T value(T x) const { return x > 0 ? above * x : below * expm1(rate * x); }
  VK_HD T derivative(T x) const { return x > 0 ? above : below * rate * exp(rate * x); }
};

template <class T>
struct Gelu : Formula<T> {
  VK_HD static T cumulative(T x) { return T(0.5) * erfc(x * T(-0.70710678118654752440)); }
  VK_HD static T density(T x) { return T(0.39894228040143267794) * exp(T(-0.5) * x * x); }
  VK_HD T value(T x) const { return gated(x, cumulative(x)); }
  VK_HD T derivative(T x) const {
    const T inner = this->within(x);
    return cumulative(x) + inner * density(inner);
  }
};

/** (1 + tanh u) / 2 is sigmoid(2 u). */
template <class T>
struct GeluTanh : Formula<T> {
  static constexpr double kScale = 1.59576912160573071176;  // 2 sqrt(2 / pi)
  VK_HD static T twiceU(T x) { return T(kScale) * (x + T(0.044715) * x * x * x); }
  VK_HD T value(T x) const { return gated(x, sigmoid(twiceU(x))); }
  VK_HD T derivative(T x) const {
    const T inner = this->within(x);
    const T v = twiceU(inner);
    const T slope = T(kScale) * (T(1) + T(3 * 0.044715) * inner * inner);
    return sigmoid(v) + inner * slope * sigmoidSlope(v);
  }
};

template <class T>
struct Sigmoid : Formula<T> {
  VK_HD T value(T x) const { return sigmoid(x); }
  VK_HD T derivative(T x) const { return sigmoidSlope(x); }
};

template <class T>
struct LogSigmoid : Formula<T> {
  VK_HD T value(T x) const { return (x > 0 ? T(0) : x) - log1p(exp(-fabs(x))); }
  VK_HD T derivative(T x) const { return sigmoid(-x); }
};

template <class T>
struct HardSigmoid : Formula<T> {
  VK_HD T line(T x) const { return this->alpha * x + this->beta; }
  VK_HD T value(T x) const { return held(line(x), T(0), T(1)); }
  VK_HD T derivative(T x) const { return line(x) > 0 && line(x) < 1 ? this->alpha : T(0); }
};

template <class T>
struct Tanh : Formula<T> {
  VK_HD T value(T x) const { return tanh(x); }
  VK_HD T derivative(T x) const { return T(4) * sigmoidSlope(x + x); }
};

template <class T>
struct Swish : Formula<T> {
  VK_HD T value(T x) const { return gated(x, sigmoid(this->alpha * x)); }
  VK_HD T derivative(T x) const {
    const T v = this->alpha * x;
    return sigmoid(v) + this->within(v) * sigmoidSlope(v);
  }
};

template <class T>
struct HardSwish : Formula<T> {
  VK_HD T value(T x) const { return gated(x, held(x * T(1.0 / 6) + T(0.5), T(0), T(1))); }
  VK_HD T derivative(T x) const { return x <= -3 ? T(0) : x >= 3 ? T(1) : x * T(1.0 / 3) + T(0.5); }
};

template <class T>
struct Softplus : Formula<T> {
  VK_HD T value(T x) const {
    const T v = this->alpha * x;
    return ((v < 0 ? T(0) : v) + log1p(exp(-fabs(v)))) / this->alpha;
  }
  VK_HD T derivative(T x) const { return sigmoid(this->alpha * x); }
};

/** With e = e^-|x|, tanh(ln(1 + e^x)) is n / (n + m): n = e (e + 2), m = 2 below zero and
 * n = 1 + 2 e, m = 2 e^2 above; 1 less it is m / (n + m), which does not cancel. */
template <class T>
struct Mish : Formula<T> {
  VK_HD T value(T x) const {
    T gate, rest;
    gateOf(x, exp(-fabs(x)), &gate, &rest);
    return gated(x, gate);
  }
  VK_HD T derivative(T x) const {
    const T inner = this->within(x);
    const T e = exp(-fabs(inner));
    T gate, rest;
    gateOf(inner, e, &gate, &rest);
    const T sigmoid = (inner < 0 ? e : T(1)) / (T(1) + e);
    return gate + inner * rest * (T(1) + gate) * sigmoid;
  }

 private:
  VK_HD static void gateOf(T x, T e, T* gate, T* rest) {
    const T n = x < 0 ? e * (e + T(2)) : T(1) + T(2) * e;
    const T m = x < 0 ? T(2) : T(2) * e * e;
    *gate = n / (n + m);
    *rest = m / (n + m);
  }
};

template <class T>
struct Softsign : Formula<T> {
  VK_HD T value(T x) const {
    const T magnitude = fabs(x);
    return magnitude > T(3e38) ? copysign(T(1), x) : x / (T(1) + magnitude);
  }
  VK_HD T derivative(T x) const {
    const T inverse = T(1) / (T(1) + fabs(x));
    return inverse * inverse;
  }
};

}  // namespace vk::activation
