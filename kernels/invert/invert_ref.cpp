#include <cmath>
#include <limits>

#include "compose/field_reference.h"
#include "invert/invert.h"

namespace vk {
namespace {

template <class T>
void invert(const InvertArgs& args) {
  const int64_t voxels = args.size[0] * args.size[1] * args.size[2];
  T* inverse = static_cast<T*>(args.inverse);
  double most = 0, sum = 0;
  int64_t numbers = 0, unconverged = 0;
  for (int64_t i = 0; i < voxels; ++i) {
    const int64_t voxel[3] = {i % args.size[0], i / args.size[0] % args.size[1],
                              i / (args.size[0] * args.size[1])};
    double w[3] = {0, 0, 0}, residual = 0;
    for (int32_t iteration = 0;; ++iteration) {
      double position[3], u[3];
      mapPosition(args.indexMap, args.displacementMap, voxel, w, position);
      sampleField(static_cast<const T*>(args.displacement), args.fieldSize, position, u);
      residual = std::sqrt((u[0] + w[0]) * (u[0] + w[0]) + (u[1] + w[1]) * (u[1] + w[1]) +
                           (u[2] + w[2]) * (u[2] + w[2]));
      if (!(residual > args.toleranceMm) || iteration == args.iterations) break;
      for (int c = 0; c < 3; ++c) w[c] = -u[c];
    }
    const bool number = !std::isnan(residual);
    for (int c = 0; c < 3; ++c) {
      inverse[c * voxels + i] = number ? T(w[c]) : std::numeric_limits<T>::quiet_NaN();
    }
    if (!(residual <= args.toleranceMm)) ++unconverged;
    if (!number) continue;
    ++numbers;
    sum += residual;
    if (residual > most) most = residual;
  }
  if (args.report == nullptr) return;
  args.report->max_residual_mm = most;
  args.report->mean_residual_mm = numbers > 0 ? sum / double(numbers) : 0;
  args.report->unconverged = unconverged;
}

}  // namespace

void invertReference(const InvertArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    invert<double>(args);
  } else {
    invert<float>(args);
  }
}

}  // namespace vk
