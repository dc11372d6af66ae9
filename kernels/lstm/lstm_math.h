// One step of one LSTM unit and its derivative, for scalars and for vectors that have + - * and the
// functions sigmoid(), hyperbolicTangent() and oneMinus(). No guard: included inside a namespace,
// once an instruction set, so that each gets code of its own.

#ifndef VK_HD
#if defined(__CUDACC__)
#define VK_HD __host__ __device__
#else
#define VK_HD
#endif
#endif

/** The sums that go into the gates, or their derivatives. */
template <class T>
struct LstmSums {
  T input;
  T output;
  T forget;
  T candidate;
};

/** Weights of the cell in the gates. */
template <class T>
struct LstmPeepholes {
  T input;
  T output;
  T forget;
};

template <class T>
struct LstmStep {
  /** The gates after their curves. */
  LstmSums<T> gates;
  T cell;
  T hidden;
};

template <class T>
VK_HD inline LstmStep<T> lstmStep(LstmSums<T> sums, T cell, bool peeps, LstmPeepholes<T> weights) {
  LstmStep<T> step;
  if (peeps) {
    sums.input = sums.input + weights.input * cell;
    sums.forget = sums.forget + weights.forget * cell;
  }
  step.gates.input = sigmoid(sums.input);
  step.gates.forget = sigmoid(sums.forget);
  step.gates.candidate = hyperbolicTangent(sums.candidate);
  step.cell = step.gates.forget * cell + step.gates.input * step.gates.candidate;
  if (peeps) sums.output = sums.output + weights.output * step.cell;
  step.gates.output = sigmoid(sums.output);
  step.hidden = step.gates.output * hyperbolicTangent(step.cell);
  return step;
}

template <class T>
struct LstmDerivative {
  LstmSums<T> sums;
  /** Of the cell before the step. */
  T cell;
};

/** From the derivatives of the cell and of the hidden value after the step. */
template <class T>
VK_HD inline LstmDerivative<T> lstmDerivative(const LstmSums<T>& gates, T before, T after,
                                              T ofHidden, T ofCell, bool peeps,
                                              const LstmPeepholes<T>& weights) {
  LstmDerivative<T> result;
  const T curve = hyperbolicTangent(after);
  // 1 - x is exact near 1, x - x x is not.
  result.sums.output = ofHidden * curve * gates.output * oneMinus(gates.output);
  T cell = ofCell + ofHidden * gates.output * oneMinus(curve * curve);
  if (peeps) cell = cell + weights.output * result.sums.output;
  result.sums.input = cell * gates.candidate * gates.input * oneMinus(gates.input);
  result.sums.forget = cell * before * gates.forget * oneMinus(gates.forget);
  result.sums.candidate = cell * gates.input * oneMinus(gates.candidate * gates.candidate);
  result.cell = cell * gates.forget;
  if (peeps) {
    result.cell =
        result.cell + weights.input * result.sums.input + weights.forget * result.sums.forget;
  }
  return result;
}
