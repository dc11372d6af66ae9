#include <cmath>

#include "conv_lstm/conv_lstm.h"

namespace vk {
namespace {

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

/** One cell's gates, states and weights in f64. */
struct Cell {
  double i;
  double f;
  double g;
  double o;
  double before;
  double after;
  double peeps[3];
};

template <class T>
Cell cellAt(const ConvLstmArgs& args, int64_t image, int64_t at) {
  const T* gates = static_cast<const T*>(args.gates) + image * 4 * args.cells;
  const T* peepholes = static_cast<const T*>(args.peepholes);
  Cell cell{};
  cell.before = double(static_cast<const T*>(args.cell)[image * args.cells + at]);
  for (int k = 0; k < 3 && peepholes != nullptr; ++k) {
    cell.peeps[k] = double(peepholes[k * args.cells + at]);
  }
  const bool has = peepholes != nullptr;
  cell.i = logistic(double(gates[at]) + (has ? cell.peeps[0] * cell.before : 0));
  cell.f = logistic(double(gates[args.cells + at]) + (has ? cell.peeps[1] * cell.before : 0));
  cell.g = std::tanh(double(gates[2 * args.cells + at]));
  cell.after = cell.f * cell.before + cell.i * cell.g;
  cell.o = logistic(double(gates[3 * args.cells + at]) + (has ? cell.peeps[2] * cell.after : 0));
  return cell;
}

template <class T>
void forward(const ConvLstmArgs& args) {
  for (int64_t image = 0; image < args.batch; ++image) {
    for (int64_t at = 0; at < args.cells; ++at) {
      const Cell cell = cellAt<T>(args, image, at);
      static_cast<T*>(args.newCell)[image * args.cells + at] = T(cell.after);
      static_cast<T*>(args.hidden)[image * args.cells + at] = T(cell.o * std::tanh(cell.after));
    }
  }
}

template <class T>
void gradient(const ConvLstmArgs& args) {
  for (int64_t at = 0; at < args.cells; ++at) {
    double ofPeeps[3] = {0, 0, 0};
    for (int64_t image = 0; image < args.batch; ++image) {
      const Cell cell = cellAt<T>(args, image, at);
      const int64_t flat = image * args.cells + at;
      const double dh = double(static_cast<const T*>(args.gradientHidden)[flat]);
      double dc = args.gradientNewCell != nullptr
                      ? double(static_cast<const T*>(args.gradientNewCell)[flat])
                      : 0;
      const double squashed = std::tanh(cell.after);
      const double forOutput = dh * squashed * cell.o * (1 - cell.o);
      dc += dh * cell.o * (1 - squashed * squashed) + cell.peeps[2] * forOutput;
      const double forInput = dc * cell.g * cell.i * (1 - cell.i);
      const double forForget = dc * cell.before * cell.f * (1 - cell.f);
      T* gates = static_cast<T*>(args.gradientGates) + image * 4 * args.cells + at;
      gates[0] = T(forInput);
      gates[args.cells] = T(forForget);
      gates[2 * args.cells] = T(dc * cell.i * (1 - cell.g * cell.g));
      gates[3 * args.cells] = T(forOutput);
      static_cast<T*>(args.gradientCell)[flat] =
          T(dc * cell.f + cell.peeps[0] * forInput + cell.peeps[1] * forForget);
      ofPeeps[0] += forInput * cell.before;
      ofPeeps[1] += forForget * cell.before;
      ofPeeps[2] += forOutput * cell.after;
    }
    for (int k = 0; k < 3 && args.gradientPeepholes != nullptr; ++k) {
      static_cast<T*>(args.gradientPeepholes)[k * args.cells + at] = T(ofPeeps[k]);
    }
  }
}

}  // namespace

void convLstmReference(const ConvLstmArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    forward<double>(args);
  } else {
    forward<float>(args);
  }
}

void convLstmGradientReference(const ConvLstmArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    gradient<double>(args);
  } else {
    gradient<float>(args);
  }
}

}  // namespace vk
