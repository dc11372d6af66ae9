#include <vector>

#include "warp3d/warp3d_ref.h"

namespace vk {
namespace {

/** dL/dp of sample i; false where it contributes nothing. */
bool positionGradient(const Warp3dArgs& args, int64_t i, double gradient[3]) {
  gradient[0] = gradient[1] = gradient[2] = 0;
  if (args.mask != nullptr && args.mask[i] == 0) return false;
  double p[3];
  warp3dReferencePosition(args, i, p);
  if (!warp3dReferenceSampled(args, p)) return false;
  Warp3dReferenceTap taps[64];
  int count;
  warp3dReferenceTaps(args, p, taps, &count);
  const int64_t n = args.domainSize.count();
  const int64_t volume = args.movingSize.count();
  for (int64_t channel = 0; channel < args.channels; ++channel) {
    const double upstream = warp3dReferenceInput(args.type, args.upstream, channel * n + i);
    double slope[3] = {0, 0, 0};
    for (int k = 0; k < count; ++k) {
      const double v =
          warp3dReferenceInput(args.type, args.moving, channel * volume + taps[k].offset);
      for (int r = 0; r < 3; ++r) slope[r] += taps[k].slope[r] * v;
    }
    const double sum = slope[0] + slope[1] + slope[2];
    if (!(sum - sum == 0)) continue;
    for (int r = 0; r < 3; ++r) gradient[r] += upstream * slope[r];
  }
  return true;
}

}  // namespace

void warp3dGradientLinearReference(const Warp3dArgs& args, Context& context, const Workspace&) {
  for (int k = 0; k < 12; ++k) args.mapGradient[k] = 0;
  for (int64_t i = 0; i < args.domainSize.count(); ++i) {
    if (i % 4096 == 0) checkCancelled(context);
    double gradient[3];
    if (!positionGradient(args, i, gradient)) continue;
    double point[3];
    warp3dReferenceDomainPoint(args, i, point);
    for (int r = 0; r < 3; ++r) {
      for (int c = 0; c < 3; ++c) args.mapGradient[4 * r + c] += gradient[r] * point[c];
      args.mapGradient[4 * r + 3] += gradient[r];
    }
  }
}

namespace {

void store(vk_element_type type, void* data, int64_t i, double value) {
  if (type == VK_F64) {
    static_cast<double*>(data)[i] = value;
  } else {
    static_cast<float*>(data)[i] = float(value);
  }
}

}  // namespace

void warp3dGradientFieldReference(const Warp3dArgs& args, Context& context, const Workspace&) {
  const int64_t n = args.domainSize.count();
  for (int64_t i = 0; i < n; ++i) {
    if (i % 4096 == 0) checkCancelled(context);
    double gradient[3];
    positionGradient(args, i, gradient);
    for (int c = 0; c < 3; ++c) {
      double sum = 0;
      for (int r = 0; r < 3; ++r) sum += args.displacementMap[3 * r + c] * gradient[r];
      store(args.type, args.gradient, c * n + i, sum);
    }
  }
}

void warp3dGradientImageReference(const Warp3dArgs& args, Context& context, const Workspace&) {
  const int64_t n = args.domainSize.count();
  const int64_t volume = args.movingSize.count();
  std::vector<double> sums(static_cast<size_t>(volume * args.channels));
  Warp3dReferenceTap taps[64];
  for (int64_t i = 0; i < n; ++i) {
    if (i % 4096 == 0) checkCancelled(context);
    if (args.mask != nullptr && args.mask[i] == 0) continue;
    double p[3];
    warp3dReferencePosition(args, i, p);
    if (!warp3dReferenceSampled(args, p)) continue;
    int count;
    warp3dReferenceTaps(args, p, taps, &count);
    for (int64_t channel = 0; channel < args.channels; ++channel) {
      const double upstream = warp3dReferenceInput(args.type, args.upstream, channel * n + i);
      for (int k = 0; k < count; ++k) {
        if (taps[k].weight == 0) continue;
        sums[static_cast<size_t>(channel * volume + taps[k].offset)] += taps[k].weight * upstream;
      }
    }
  }
  for (int64_t i = 0; i < volume * args.channels; ++i) {
    store(args.type, args.gradient, i, sums[static_cast<size_t>(i)]);
  }
}

}  // namespace vk
