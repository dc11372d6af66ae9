// One step of one GRU unit and its derivative, for scalars and for vectors that have + - * and the
// functions sigmoid(), hyperbolicTangent() and oneMinus(). No guard: included inside a namespace,
// once an instruction set, so that each gets code of its own.

#ifndef VK_HD
#if defined(__CUDACC__)
#define VK_HD __host__ __device__
#else
#define VK_HD
#endif
#endif

/** The hidden value after the step. */
template <class T>
VK_HD inline T gruHidden(T update, T candidate, T before) {
  return candidate + update * (before - candidate);
}

template <class T>
struct GruDerivative {
  /** Of the sums that go into the gates. */
  T update;
  T candidate;
  /** Of the hidden value before the step, as far as it does not pass the gates. */
  T hidden;
};

template <class T>
VK_HD inline GruDerivative<T> gruDerivative(T update, T candidate, T before, T ofHidden) {
  GruDerivative<T> result;
  // 1 - x is exact near 1, x - x x is not.
  const T rest = oneMinus(update);
  result.update = ofHidden * (before - candidate) * update * rest;
  result.hidden = ofHidden * update;
  result.candidate = ofHidden * rest * oneMinus(candidate * candidate);
  return result;
}

/** Of the sum that goes into the reset gate, which multiplies `value`. */
template <class T>
VK_HD inline T gruResetDerivative(T reset, T value, T ofProduct) {
  return ofProduct * value * reset * oneMinus(reset);
}
