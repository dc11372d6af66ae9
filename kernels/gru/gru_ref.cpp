#include <cmath>
#include <vector>

#include "gru/gru.h"

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
void putAll(void* data, const std::vector<double>& values) {
  for (size_t i = 0; i < values.size(); ++i) put<T>(data, static_cast<int64_t>(i), values[i]);
}

template <class T>
void gru(const GruArgs& args) {
  const int64_t h = args.hidden;
  const int64_t inputs = args.inputs;
  for (int64_t d = 0; d < args.directions; ++d) {
    for (int64_t b = 0; b < args.batch; ++b) {
      std::vector<double> hidden(h), input(3 * h), update(h), reset(h);
      for (int64_t u = 0; u < h; ++u) {
        hidden[u] = at<T>(args.initialHidden, (d * args.batch + b) * h + u);
      }
      for (int64_t t = args.length(b); t < args.steps; ++t) {
        for (int64_t u = 0; u < h; ++u) put<T>(args.output, args.row(t, d, b) * h + u, 0);
        for (int64_t u = 0; u < 4 * h; ++u) put<T>(args.reserve, args.row(t, d, b) * 4 * h + u, 0);
      }
      const auto weight = [&](int64_t gateRow, int64_t u) {
        return at<T>(args.recurrentWeights, (d * 3 * h + gateRow) * h + u);
      };
      const auto recurrentBias = [&](int64_t gateRow) {
        return at<T>(args.bias, d * 6 * h + 3 * h + gateRow);
      };
      for (int64_t step = 0; step < args.length(b); ++step) {
        const int64_t t = args.reversed(d) ? args.length(b) - 1 - step : step;
        const int64_t row = args.row(t, d, b);
        for (int64_t g = 0; g < 3 * h; ++g) {
          input[g] = at<T>(args.bias, d * 6 * h + g);
          for (int64_t i = 0; i < inputs; ++i) {
            input[g] += at<T>(args.weights, (d * 3 * h + g) * inputs + i) *
                        at<T>(args.input, (t * args.batch + b) * inputs + i);
          }
        }
        for (int64_t u = 0; u < h; ++u) {
          double forUpdate = input[u] + recurrentBias(u);
          double forReset = input[h + u] + recurrentBias(h + u);
          for (int64_t v = 0; v < h; ++v) {
            forUpdate += weight(u, v) * hidden[v];
            forReset += weight(h + u, v) * hidden[v];
          }
          update[u] = logistic(forUpdate);
          reset[u] = logistic(forReset);
        }
        std::vector<double> next(h);
        for (int64_t u = 0; u < h; ++u) {
          double product = recurrentBias(2 * h + u);
          for (int64_t v = 0; v < h; ++v) {
            product += weight(2 * h + u, v) * (args.linearBeforeReset ? 1 : reset[v]) * hidden[v];
          }
          const double candidate =
              std::tanh(input[2 * h + u] + (args.linearBeforeReset ? reset[u] * product : product));
          next[u] = (1 - update[u]) * candidate + update[u] * hidden[u];
          const double kept[4] = {update[u], reset[u], candidate,
                                  args.linearBeforeReset ? product : reset[u] * hidden[u]};
          for (int64_t k = 0; k < 4; ++k) put<T>(args.reserve, row * 4 * h + k * h + u, kept[k]);
          put<T>(args.output, row * h + u, next[u]);
        }
        hidden = next;
      }
      for (int64_t u = 0; u < h; ++u) {
        put<T>(args.lastHidden, (d * args.batch + b) * h + u, hidden[u]);
      }
    }
  }
}

template <class T>
void gruGradient(const GruArgs& args) {
  const int64_t h = args.hidden;
  const int64_t inputs = args.inputs;
  std::vector<double> ofInput(args.steps * args.batch * inputs);
  std::vector<double> ofWeights(args.directions * 3 * h * inputs);
  std::vector<double> ofRecurrent(args.directions * 3 * h * h);
  std::vector<double> ofBias(args.directions * 6 * h);
  std::vector<double> ofHidden(args.directions * args.batch * h);
  for (size_t i = 0; i < ofHidden.size(); ++i) {
    ofHidden[i] = at<T>(args.gradientLastHidden, static_cast<int64_t>(i));
  }
  for (int64_t d = 0; d < args.directions; ++d) {
    for (int64_t b = 0; b < args.batch; ++b) {
      const int64_t state = (d * args.batch + b) * h;
      const int64_t length = args.length(b);
      for (int64_t step = length - 1; step >= 0; --step) {
        const int64_t t = args.reversed(d) ? length - 1 - step : step;
        const int64_t previous = args.reversed(d) ? t + 1 : t - 1;
        const int64_t row = args.row(t, d, b);
        const auto before = [&](int64_t u) {
          return step == 0 ? at<T>(args.initialHidden, state + u)
                           : at<T>(args.output, args.row(previous, d, b) * h + u);
        };
        const auto kept = [&](int64_t gate, int64_t u) {
          return at<T>(args.reserve, row * 4 * h + gate * h + u);
        };
        const auto weight = [&](int64_t gateRow, int64_t u) {
          return at<T>(args.recurrentWeights, (d * 3 * h + gateRow) * h + u);
        };
        // Of what goes into the gates from the input, and from the recurrent product.
        std::vector<double> sums(3 * h), products(3 * h), back(h);
        for (int64_t u = 0; u < h; ++u) {
          const double z = kept(0, u);
          const double n = kept(2, u);
          const double of = ofHidden[state + u] + at<T>(args.gradientOutput, row * h + u);
          sums[u] = of * (before(u) - n) * z * (1 - z);
          sums[2 * h + u] = of * (1 - z) * (1 - n * n);
          back[u] = of * z;
        }
        for (int64_t u = 0; u < h; ++u) {
          const double r = kept(1, u);
          double ofReset = 0;
          if (args.linearBeforeReset) {
            ofReset = sums[2 * h + u] * kept(3, u);
            products[2 * h + u] = sums[2 * h + u] * r;
          } else {
            double behind = 0;
            for (int64_t v = 0; v < h; ++v) behind += sums[2 * h + v] * weight(2 * h + v, u);
            ofReset = behind * before(u);
            back[u] += behind * r;
            products[2 * h + u] = sums[2 * h + u];
          }
          sums[h + u] = ofReset * r * (1 - r);
          products[u] = sums[u];
          products[h + u] = sums[h + u];
        }
        const int64_t through = args.linearBeforeReset ? 3 * h : 2 * h;
        for (int64_t g = 0; g < 3 * h; ++g) {
          const int64_t weightRow = d * 3 * h + g;
          ofBias[d * 6 * h + g] += sums[g];
          ofBias[d * 6 * h + 3 * h + g] += products[g];
          for (int64_t i = 0; i < inputs; ++i) {
            const int64_t input = (t * args.batch + b) * inputs + i;
            ofInput[input] += sums[g] * at<T>(args.weights, weightRow * inputs + i);
            ofWeights[weightRow * inputs + i] += sums[g] * at<T>(args.input, input);
          }
          for (int64_t u = 0; u < h; ++u) {
            if (g < through) back[u] += products[g] * weight(g, u);
            ofRecurrent[weightRow * h + u] += products[g] * (g < through ? before(u) : kept(3, u));
          }
        }
        for (int64_t u = 0; u < h; ++u) ofHidden[state + u] = back[u];
      }
    }
  }
  putAll<T>(args.gradientInput, ofInput);
  putAll<T>(args.gradientWeights, ofWeights);
  putAll<T>(args.gradientRecurrentWeights, ofRecurrent);
  putAll<T>(args.gradientBias, ofBias);
  putAll<T>(args.gradientInitialHidden, ofHidden);
}

}  // namespace

void gruReference(const GruArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    gru<double>(args);
  } else {
    gru<float>(args);
  }
}

void gruGradientReference(const GruArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    gruGradient<double>(args);
  } else {
    gruGradient<float>(args);
  }
}

}  // namespace vk
