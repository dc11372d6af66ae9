#include "reduce/reduce.h"

namespace vk {
namespace {

struct Elements {
  const ReduceLayout& layout;
  int64_t base;

  Elements(const ReduceLayout& of, int64_t output)
      : layout(of),
        base(of.rowIsReduced ? of.kept.offset(output)
                             : of.kept.offset(output / of.rowLength) + output % of.rowLength) {}

  /** body(offset) for every element that is reduced to this output. */
  template <class Body>
  void forEach(Body&& body) const {
    const int64_t length = layout.rowIsReduced ? layout.rowLength : 1;
    const int64_t rows = layout.reduced.count();
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t offset = base + layout.reduced.offset(row);
      for (int64_t i = 0; i < length; ++i) body(offset + i);
    }
  }
};

}  // namespace

void reduceSharedGradient(const ReduceGradientArgs& args, int64_t begin, int64_t end) {
  const float* const x = static_cast<const float*>(args.input);
  const float* const y = static_cast<const float*>(args.output);
  const float* const dy = static_cast<const float*>(args.outputGradient);
  float* const dx = static_cast<float*>(args.inputGradient);
  for (int64_t output = begin; output < end; ++output) {
    const Elements elements(args.layout, output);
    if (args.reduction != VK_REDUCTION_PRODUCT) {
      const auto wins = [&](int64_t i) { return x[i] == y[output] || x[i] != x[i]; };
      int64_t ties = 0;
      elements.forEach([&](int64_t i) { ties += wins(i) ? 1 : 0; });
      const float share = ties > 0 ? static_cast<float>(double(dy[output]) / double(ties)) : 0;
      elements.forEach([&](int64_t i) { dx[i] = wins(i) ? share : 0; });
      continue;
    }
    // With one zero only that element has a gradient, with several none.
    double others = 1;
    int64_t zeros = 0;
    elements.forEach([&](int64_t i) {
      if (x[i] == 0) {
        ++zeros;
      } else {
        others *= double(x[i]);
      }
    });
    elements.forEach([&](int64_t i) {
      if (zeros > 1 || (zeros == 1 && x[i] != 0)) {
        dx[i] = 0;
      } else {
        dx[i] = static_cast<float>(double(dy[output]) * (zeros == 1 ? others : others / x[i]));
      }
    });
  }
}

}  // namespace vk
