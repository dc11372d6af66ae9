#include <algorithm>
#include <cmath>
#include <cstdio>

#include "cases/case.h"

namespace vk::cases {

std::string difference(const Buffer& got, const Buffer& expected, const Bound& bound) {
  double largest = 0;
  for (int64_t i = 0; i < expected.count(); ++i) {
    const double magnitude = std::fabs(expected.get(i));
    if (std::isfinite(magnitude)) largest = std::max(largest, magnitude);
  }
  int64_t outside = 0;
  int64_t worst = -1;
  double worstExcess = 0;
  for (int64_t i = 0; i < expected.count(); ++i) {
    const double want = expected.get(i);
    const double have = got.get(i);
    if (want == have || (std::isnan(want) && std::isnan(have))) continue;
    const double allowed =
        bound.absolute + bound.relative * std::fabs(want) + bound.ofLargest * largest;
    const double error = std::fabs(have - want);
    if (error <= allowed && std::isfinite(want)) continue;
    ++outside;
    const double excess = std::isfinite(error) ? error - allowed : INFINITY;
    if (worst < 0 || excess > worstExcess) {
      worst = i;
      worstExcess = excess;
    }
  }
  if (static_cast<double>(outside) <= bound.outliers * static_cast<double>(expected.count())) {
    return "";
  }
  char text[256];
  std::snprintf(text, sizeof text,
                "%lld of %lld elements differ; worst at %lld: %.9g, reference %.9g (error %.3g, "
                "largest |reference| %.3g)",
                static_cast<long long>(outside), static_cast<long long>(expected.count()),
                static_cast<long long>(worst), got.get(worst), expected.get(worst),
                std::fabs(got.get(worst) - expected.get(worst)), largest);
  return text;
}

void breakView(const CaseLine& line, Buffer& argument) {
  const std::string wish = line.word("break", "");
  const std::string prefix = argument.name() + ":";
  if (wish.rfind(prefix, 0) != 0 || !argument.present()) return;
  const std::string how = wish.substr(prefix.size());
  vk_view& view = *argument.editableView();
  const int32_t last = view.rank - 1;
  if (how == "missing") {
    view.data = nullptr;
  } else if (how == "type") {
    view.type = VK_I16;
  } else if (how == "rank") {
    // An axis of size 1 in front: as many elements, another rank.
    for (int32_t axis = view.rank; axis > 0; --axis) {
      view.sizes[axis] = view.sizes[axis - 1];
      view.strides[axis] = view.strides[axis - 1];
    }
    view.sizes[0] = 1;
    view.strides[0] = argument.count();
    ++view.rank;
  } else if (how == "size") {
    // One shorter along the slowest axis, so that no stride changes.
    --view.sizes[0];
  } else if (how == "negative") {
    view.sizes[0] = -1;
  } else if (how == "strided") {
    view.strides[last] = 2;
  } else if (how == "device") {
    view.device = VK_DEVICE_CUDA;
  } else {
    throw CaseFailed{"break=" + wish +
                     ": expected missing, type, rank, size, negative, strided or device"};
  }
}

}  // namespace vk::cases
