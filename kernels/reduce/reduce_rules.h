// The reductions as rules of cuda/reduce_tiles.h. What is alike but for a term or a sign is one
// rule that chooses as it runs: beside a load from memory that is free.
#pragma once

#include <limits>
#include <type_traits>

#include "cuda/reduce_tiles.h"
#include "reduce/reduce.h"

namespace vk::cuda {

/** Sums of a term, and products, in f64. */
struct TermsRule {
  using State = double;
  vk_reduction reduction;
  double count;

  __device__ double neutral() const { return reduction == VK_REDUCTION_PRODUCT ? 1 : 0; }
  __device__ void add(double& sum, double x) const {
    const bool squares = reduction == VK_REDUCTION_L2 || reduction == VK_REDUCTION_SUM_SQUARE;
    merge(sum, squares ? x * x : reduction == VK_REDUCTION_L1 ? fabs(x) : x);
  }
  __device__ void merge(double& sum, double other) const {
    sum = reduction == VK_REDUCTION_PRODUCT ? sum * other : sum + other;
  }
  __device__ double finish(double sum) const {
    switch (reduction) {
      case VK_REDUCTION_MEAN:
        return sum / count;
      case VK_REDUCTION_L2:
        return sqrt(sum);
      case VK_REDUCTION_LOG_SUM:
        return log(sum);
      default:
        return sum;
    }
  }
};

/** The greatest or the least; NaN wins. */
template <class T>
struct ExtremeRule {
  using State = T;
  bool greatest;
  T nothing;

  explicit ExtremeRule(bool ofGreatest) : greatest(ofGreatest) {
    using Limits = std::numeric_limits<T>;
    const T highest = Limits::has_infinity ? Limits::infinity() : Limits::max();
    const T lowest = Limits::has_infinity ? -Limits::infinity() : Limits::min();
    nothing = greatest ? lowest : highest;
  }
  __device__ T neutral() const { return nothing; }
  __device__ void add(T& best, T x) const { merge(best, x); }
  __device__ void merge(T& best, T x) const {
    if ((greatest ? x > best : x < best) || x != x) best = x;
  }
  __device__ T finish(T best) const { return best; }
};

/** The greatest, and the sum of the exponentials of what lies below it; in one pass. */
template <class T>
struct LogSumExpRule {
  struct State {
    T most;
    double sum;
  };
  __device__ State neutral() const { return {-T(INFINITY), 0}; }
  __device__ void add(State& state, T x) const {
    if (x == state.most) {
      state.sum += 1;
    } else if (x < state.most) {
      state.sum += double(exp(x - state.most));
    } else if (state.most == state.most) {
      // A new greatest, or NaN, which stays. What was there is rescaled in f64: it may be often.
      state.sum = (state.sum > 0 ? state.sum * exp(double(state.most) - double(x)) : 0) + 1;
      state.most = x;
    }
  }
  __device__ void merge(State& state, const State& other) const {
    const bool isLess = other.most <= state.most || state.most != state.most;
    const State& high = isLess ? state : other;
    const State& low = isLess ? other : state;
    const double share = low.most == high.most ? 1 : exp(double(low.most) - double(high.most));
    state = {high.most, high.sum + (low.sum > 0 ? low.sum * share : 0)};
  }
  __device__ double finish(const State& state) const {
    const double most = double(state.most);
    return most - most == 0 ? most + log(state.sum) : most;
  }
};

/** The root of the sum of squares of any magnitude: `squares` are those of x / scale. */
struct LengthRule {
  struct State {
    double scale;
    double squares;
  };
  __device__ State neutral() const { return {0, 0}; }
  __device__ void add(State& state, double x) const {
    if (x != 0) merge(state, {fabs(x), 1});
  }
  __device__ void merge(State& state, const State& other) const {
    if (other.squares == 0) return;
    if (other.scale == state.scale) {
      state.squares += other.squares;
    } else if (other.scale < state.scale) {
      const double ratio = other.scale / state.scale;
      state.squares += other.squares * ratio * ratio;
    } else {
      // Greater, or one of them NaN, which the scale then is.
      const double ratio = state.scale / other.scale;
      const bool isNan = other.scale != other.scale || state.scale != state.scale;
      state = {isNan ? state.scale + other.scale : other.scale,
               state.squares * ratio * ratio + other.squares};
    }
  }
  __device__ double finish(const State& state) const { return state.scale * sqrt(state.squares); }
};

/** All reductions of whole numbers; sums and products wrap around. */
template <class T>
struct WholeRule {
  using State = uint64_t;
  vk_reduction reduction;
  int64_t count;

  __device__ uint64_t neutral() const {
    switch (reduction) {
      case VK_REDUCTION_MAX:
        return uint64_t(int64_t(T(1) << (8 * sizeof(T) - 1)));
      case VK_REDUCTION_MIN:
        return ~uint64_t(int64_t(T(1) << (8 * sizeof(T) - 1)));
      default:
        return reduction == VK_REDUCTION_PRODUCT ? 1 : 0;
    }
  }
  __device__ void add(uint64_t& sum, T x) const {
    const uint64_t bits = uint64_t(int64_t(x));
    const uint64_t magnitude = x < 0 ? uint64_t{0} - bits : bits;
    merge(sum, reduction == VK_REDUCTION_SUM_SQUARE ? bits * bits
               : reduction == VK_REDUCTION_L1       ? magnitude
                                                    : bits);
  }
  __device__ void merge(uint64_t& sum, uint64_t other) const {
    switch (reduction) {
      case VK_REDUCTION_MAX:
        if (int64_t(other) > int64_t(sum)) sum = other;
        break;
      case VK_REDUCTION_MIN:
        if (int64_t(other) < int64_t(sum)) sum = other;
        break;
      case VK_REDUCTION_PRODUCT:
        sum *= other;
        break;
      default:
        sum += other;
    }
  }
  __device__ int64_t finish(uint64_t sum) const {
    if (reduction != VK_REDUCTION_MEAN) return int64_t(sum);
    return count == 0 ? 0 : int64_t(sum) / count;
  }
};

/** The product of what is not 0, and how many are: what the product's gradient is made of. */
struct FactorsRule {
  struct State {
    double product;
    int64_t zeros;
  };
  __device__ State neutral() const { return {1, 0}; }
  __device__ void add(State& state, double x) const {
    if (x == 0) {
      ++state.zeros;
    } else {
      state.product *= x;
    }
  }
  __device__ void merge(State& state, const State& other) const {
    state = {state.product * other.product, state.zeros + other.zeros};
  }
  __device__ State finish(const State& state) const { return state; }
};

}  // namespace vk::cuda
