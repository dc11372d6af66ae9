#include <cmath>
#include <vector>

#include "lstm/lstm.h"

namespace vk {
namespace {

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

template <class T>
double at(const void* data, int64_t index) {
  return data != nullptr ? double(static_cast<const T*>(data)[index]) : 0.0;
}

template <class T>
void put(void* data, int64_t index, double value) {
  if (data != nullptr) static_cast<T*>(data)[index] = T(value);
}

template <class T>
void lstm(const LstmArgs& args) {
  const int64_t h = args.hidden;
  const int64_t inputs = args.inputs;
  for (int64_t d = 0; d < args.directions; ++d) {
    for (int64_t b = 0; b < args.batch; ++b) {
      std::vector<double> hidden(h), cell(h), sums(4 * h);
      for (int64_t u = 0; u < h; ++u) {
        hidden[u] = at<T>(args.initialHidden, (d * args.batch + b) * h + u);
        cell[u] = at<T>(args.initialCell, (d * args.batch + b) * h + u);
      }
      for (int64_t t = args.length(b); t < args.steps; ++t) {
        for (int64_t u = 0; u < h; ++u) put<T>(args.output, args.row(t, d, b) * h + u, 0);
        for (int64_t u = 0; u < 5 * h; ++u) put<T>(args.reserve, args.row(t, d, b) * 5 * h + u, 0);
      }
      for (int64_t step = 0; step < args.length(b); ++step) {
        const int64_t t = args.reversed(d) ? args.length(b) - 1 - step : step;
        for (int64_t g = 0; g < 4 * h; ++g) {
          double sum = at<T>(args.bias, d * 8 * h + g) + at<T>(args.bias, d * 8 * h + 4 * h + g);
          for (int64_t i = 0; i < inputs; ++i) {
            sum += at<T>(args.weights, (d * 4 * h + g) * inputs + i) *
                   at<T>(args.input, (t * args.batch + b) * inputs + i);
          }
          for (int64_t u = 0; u < h; ++u) {
            sum += at<T>(args.recurrentWeights, (d * 4 * h + g) * h + u) * hidden[u];
          }
          sums[g] = sum;
        }
        const int64_t row = args.row(t, d, b);
        for (int64_t u = 0; u < h; ++u) {
          const double peepI = at<T>(args.peepholes, d * 3 * h + u);
          const double peepO = at<T>(args.peepholes, d * 3 * h + h + u);
          const double peepF = at<T>(args.peepholes, d * 3 * h + 2 * h + u);
          const double i = logistic(sums[u] + (args.peepholes ? peepI * cell[u] : 0));
          const double f = logistic(sums[2 * h + u] + (args.peepholes ? peepF * cell[u] : 0));
          const double g = std::tanh(sums[3 * h + u]);
          cell[u] = f * cell[u] + i * g;
          const double o = logistic(sums[h + u] + (args.peepholes ? peepO * cell[u] : 0));
          hidden[u] = o * std::tanh(cell[u]);
          put<T>(args.output, row * h + u, hidden[u]);
          const double kept[5] = {i, o, f, g, cell[u]};
          for (int64_t k = 0; k < 5; ++k) put<T>(args.reserve, row * 5 * h + k * h + u, kept[k]);
        }
      }
      for (int64_t u = 0; u < h; ++u) {
        put<T>(args.lastHidden, (d * args.batch + b) * h + u, hidden[u]);
        put<T>(args.lastCell, (d * args.batch + b) * h + u, cell[u]);
      }
    }
  }
}

/** Sums in f64, written at the end. */
struct Sums {
  explicit Sums(int64_t count) : values(static_cast<size_t>(count), 0.0) {}
  double& operator[](int64_t i) { return values[static_cast<size_t>(i)]; }
  template <class T>
  void writeTo(void* data) {
    for (size_t i = 0; i < values.size(); ++i) put<T>(data, static_cast<int64_t>(i), values[i]);
  }
  std::vector<double> values;
};

template <class T>
void lstmGradient(const LstmArgs& args) {
  const int64_t h = args.hidden;
  const int64_t inputs = args.inputs;
  const int64_t states = args.directions * args.batch * h;
  Sums ofInput(args.steps * args.batch * inputs);
  Sums ofWeights(args.directions * 4 * h * inputs);
  Sums ofRecurrent(args.directions * 4 * h * h);
  Sums ofBias(args.directions * 8 * h);
  Sums ofPeepholes(args.directions * 3 * h);
  Sums ofHidden(states);
  Sums ofCell(states);
  for (int64_t i = 0; i < states; ++i) {
    ofHidden[i] = at<T>(args.gradientLastHidden, i);
    ofCell[i] = at<T>(args.gradientLastCell, i);
  }
  for (int64_t d = 0; d < args.directions; ++d) {
    for (int64_t b = 0; b < args.batch; ++b) {
      const int64_t state = (d * args.batch + b) * h;
      const int64_t length = args.length(b);
      for (int64_t step = length - 1; step >= 0; --step) {
        const int64_t t = args.reversed(d) ? length - 1 - step : step;
        const int64_t previous = args.reversed(d) ? t + 1 : t - 1;
        const int64_t row = args.row(t, d, b);
        const auto cellBefore = [&](int64_t u) {
          return step == 0 ? at<T>(args.initialCell, state + u)
                           : at<T>(args.reserve, args.row(previous, d, b) * 5 * h + 4 * h + u);
        };
        const auto hiddenBefore = [&](int64_t u) {
          return step == 0 ? at<T>(args.initialHidden, state + u)
                           : at<T>(args.output, args.row(previous, d, b) * h + u);
        };
        std::vector<double> sums(4 * h);
        for (int64_t u = 0; u < h; ++u) {
          const double i = at<T>(args.reserve, row * 5 * h + u);
          const double o = at<T>(args.reserve, row * 5 * h + h + u);
          const double f = at<T>(args.reserve, row * 5 * h + 2 * h + u);
          const double g = at<T>(args.reserve, row * 5 * h + 3 * h + u);
          const double c = at<T>(args.reserve, row * 5 * h + 4 * h + u);
          const double dh = ofHidden[state + u] + at<T>(args.gradientOutput, row * h + u);
          const double squashed = std::tanh(c);
          sums[h + u] = dh * squashed * o * (1 - o);
          double dc = ofCell[state + u] + dh * o * (1 - squashed * squashed);
          if (args.peepholes) dc += at<T>(args.peepholes, d * 3 * h + h + u) * sums[h + u];
          sums[u] = dc * g * i * (1 - i);
          sums[2 * h + u] = dc * cellBefore(u) * f * (1 - f);
          sums[3 * h + u] = dc * i * (1 - g * g);
          ofPeepholes[d * 3 * h + u] += sums[u] * cellBefore(u);
          ofPeepholes[d * 3 * h + h + u] += sums[h + u] * c;
          ofPeepholes[d * 3 * h + 2 * h + u] += sums[2 * h + u] * cellBefore(u);
          dc *= f;
          if (args.peepholes) {
            dc += at<T>(args.peepholes, d * 3 * h + u) * sums[u];
            dc += at<T>(args.peepholes, d * 3 * h + 2 * h + u) * sums[2 * h + u];
          }
          ofCell[state + u] = dc;
          ofHidden[state + u] = 0;
        }
        for (int64_t g = 0; g < 4 * h; ++g) {
          const int64_t weightRow = d * 4 * h + g;
          ofBias[d * 8 * h + g] += sums[g];
          ofBias[d * 8 * h + 4 * h + g] += sums[g];
          for (int64_t i = 0; i < inputs; ++i) {
            const int64_t input = (t * args.batch + b) * inputs + i;
            ofInput[input] += sums[g] * at<T>(args.weights, weightRow * inputs + i);
            ofWeights[weightRow * inputs + i] += sums[g] * at<T>(args.input, input);
          }
          for (int64_t u = 0; u < h; ++u) {
            ofHidden[state + u] += sums[g] * at<T>(args.recurrentWeights, weightRow * h + u);
            ofRecurrent[weightRow * h + u] += sums[g] * hiddenBefore(u);
          }
        }
      }
    }
  }
  ofInput.writeTo<T>(args.gradientInput);
  ofWeights.writeTo<T>(args.gradientWeights);
  ofRecurrent.writeTo<T>(args.gradientRecurrentWeights);
  ofBias.writeTo<T>(args.gradientBias);
  ofPeepholes.writeTo<T>(args.gradientPeepholes);
  ofHidden.writeTo<T>(args.gradientInitialHidden);
  ofCell.writeTo<T>(args.gradientInitialCell);
}

}  // namespace

void lstmReference(const LstmArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    lstm<double>(args);
  } else {
    lstm<float>(args);
  }
}

void lstmGradientReference(const LstmArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    lstmGradient<double>(args);
  } else {
    lstmGradient<float>(args);
  }
}

}  // namespace vk
