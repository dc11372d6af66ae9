// Plain loops in f64, written from the contract and sharing nothing with the fast kernels.
#include <cmath>
#include <limits>

#include "warp3d/warp3d_ref.h"

namespace vk {

double warp3dReferenceInput(vk_element_type type, const void* data, int64_t i) {
  return type == VK_F64 ? static_cast<const double*>(data)[i]
                        : double(static_cast<const float*>(data)[i]);
}

void warp3dReferenceDomainPoint(const Warp3dArgs& args, int64_t i, double point[3]) {
  const int64_t n = args.domainSize.count();
  if (args.points != nullptr) {
    for (int r = 0; r < 3; ++r) {
      point[r] = warp3dReferenceInput(args.pointsType, args.points, r * n + i);
    }
    return;
  }
  point[0] = double(i % args.domainSize.x);
  point[1] = double(i / args.domainSize.x % args.domainSize.y);
  point[2] = double(i / args.domainSize.x / args.domainSize.y);
}

void warp3dReferencePosition(const Warp3dArgs& args, int64_t i, double position[3]) {
  const int64_t n = args.domainSize.count();
  double point[3];
  warp3dReferenceDomainPoint(args, i, point);
  for (int r = 0; r < 3; ++r) {
    const double* map = args.indexMap + 4 * r;
    position[r] = map[0] * point[0] + map[1] * point[1] + map[2] * point[2] + map[3];
  }
  if (args.displacement == nullptr) return;
  double u[3];
  for (int k = 0; k < 3; ++k) {
    u[k] = warp3dReferenceInput(args.displacementType, args.displacement, k * n + i);
  }
  for (int r = 0; r < 3; ++r) {
    const double* map = args.displacementMap + 3 * r;
    position[r] += map[0] * u[0] + map[1] * u[1] + map[2] * u[2];
  }
}

namespace {

constexpr double kFar = 4194304;

int64_t sizeOf(const Warp3dArgs& args, int axis) {
  return axis == 0 ? args.movingSize.x : axis == 1 ? args.movingSize.y : args.movingSize.z;
}

bool insideBuffer(const Warp3dArgs& args, const double p[3]) {
  bool inside = true;
  for (int r = 0; r < 3; ++r) {
    inside = inside && p[r] >= -0.5 && p[r] < double(sizeOf(args, r)) - 0.5;
  }
  return inside;
}

/** Walks back into [0, size) step by step, the way the border is defined. */
int64_t replacement(int64_t i, int64_t size, vk_border border) {
  if (border == VK_BORDER_PERIODIC) return ((i % size) + size) % size;
  if (border == VK_BORDER_MIRROR) {
    if (size == 1) return 0;
    i = std::llabs(i) % (2 * size - 2);
    return i < size ? i : 2 * size - 2 - i;
  }
  return i < 0 ? 0 : (i >= size ? size - 1 : i);
}

double bspline(double t) {
  t = std::fabs(t);
  if (t < 1) return 2.0 / 3 - t * t + t * t * t / 2;
  if (t < 2) return (2 - t) * (2 - t) * (2 - t) / 6;
  return 0;
}

double bsplineSlope(double t) {
  const double a = std::fabs(t);
  const double sign = t < 0 ? -1 : 1;
  if (a < 1) return sign * (-2 * a + 1.5 * a * a);
  if (a < 2) return sign * -(2 - a) * (2 - a) / 2;
  return 0;
}

}  // namespace

bool warp3dReferenceSampled(const Warp3dArgs& args, const double p[3]) {
  for (int r = 0; r < 3; ++r) {
    if (!(std::fabs(p[r]) <= kFar)) return false;
  }
  return args.border != VK_BORDER_CONSTANT || insideBuffer(args, p);
}

void warp3dReferenceTaps(const Warp3dArgs& args, const double p[3], Warp3dReferenceTap taps[64],
                         int* count) {
  int64_t index[3][4];
  double weight[3][4];
  double slope[3][4];
  int taken = 2;
  for (int r = 0; r < 3; ++r) {
    const int64_t size = sizeOf(args, r);
    if (args.interpolation == VK_NEAREST) {
      taken = 1;
      index[r][0] = replacement(int64_t(std::floor(p[r] + 0.5)), size, args.border);
      weight[r][0] = 1;
      slope[r][0] = 0;
    } else if (args.interpolation == VK_LINEAR) {
      const int64_t cell = int64_t(std::floor(p[r]));
      for (int k = 0; k < 2; ++k) {
        index[r][k] = replacement(cell + k, size, args.border);
        weight[r][k] = 1 - std::fabs(p[r] - double(cell + k));
        slope[r][k] = k == 0 ? -1 : 1;
      }
    } else {
      taken = 4;
      double q = p[r];
      bool held = false;
      if (args.border == VK_BORDER_CLAMP) {
        q = std::fmin(std::fmax(q, 0), double(size - 1));
        held = q != p[r];
      }
      const int64_t cell = int64_t(std::floor(q));
      for (int k = 0; k < 4; ++k) {
        const int64_t tap = cell + k - 1;
        index[r][k] = replacement(
            tap, size, args.border == VK_BORDER_PERIODIC ? VK_BORDER_PERIODIC : VK_BORDER_MIRROR);
        weight[r][k] = bspline(q - double(tap));
        slope[r][k] = held ? 0 : bsplineSlope(q - double(tap));
      }
    }
  }
  *count = 0;
  for (int c = 0; c < taken; ++c) {
    for (int b = 0; b < taken; ++b) {
      for (int a = 0; a < taken; ++a) {
        Warp3dReferenceTap& tap = taps[(*count)++];
        tap.offset =
            (index[2][c] * args.movingSize.y + index[1][b]) * args.movingSize.x + index[0][a];
        tap.weight = weight[0][a] * weight[1][b] * weight[2][c];
        tap.slope[0] = slope[0][a] * weight[1][b] * weight[2][c];
        tap.slope[1] = weight[0][a] * slope[1][b] * weight[2][c];
        tap.slope[2] = weight[0][a] * weight[1][b] * slope[2][c];
      }
    }
  }
}

namespace {

template <class T>
T converted(double value) {
  if constexpr (std::numeric_limits<T>::is_integer) {
    if (!(value == value)) return 0;
    const double rounded = std::nearbyint(value);
    if (rounded <= double(std::numeric_limits<T>::min())) return std::numeric_limits<T>::min();
    if (rounded >= double(std::numeric_limits<T>::max())) return std::numeric_limits<T>::max();
    return T(rounded);
  } else {
    return T(value);
  }
}

template <class T>
void warp(const Warp3dArgs& args, Context& context) {
  const int64_t n = args.domainSize.count();
  const int64_t volume = args.movingSize.count();
  const T* moving = static_cast<const T*>(args.moving);
  T* warped = static_cast<T*>(args.warped);
  Warp3dReferenceTap taps[64];
  for (int64_t i = 0; i < n; ++i) {
    if (i % 4096 == 0) checkCancelled(context);
    double p[3];
    warp3dReferencePosition(args, i, p);
    const bool wanted = args.mask == nullptr || args.mask[i] != 0;
    const bool sampled = wanted && warp3dReferenceSampled(args, p);
    int count = 0;
    if (sampled) warp3dReferenceTaps(args, p, taps, &count);
    for (int64_t channel = 0; channel < args.channels; ++channel) {
      T& out = warped[channel * n + i];
      if (!sampled) {
        out = converted<T>(args.fillValue);
      } else if (count == 1) {
        out = moving[channel * volume + taps[0].offset];
      } else {
        double value = 0;
        for (int k = 0; k < count; ++k) {
          if (taps[k].weight == 0) continue;
          value += taps[k].weight * double(moving[channel * volume + taps[k].offset]);
        }
        out = T(value);
      }
    }
    if (args.inside == nullptr) continue;
    bool inside = wanted && insideBuffer(args, p);
    if (inside && args.movingMask != nullptr) {
      const int64_t x = int64_t(std::floor(p[0] + 0.5));
      const int64_t y = int64_t(std::floor(p[1] + 0.5));
      const int64_t z = int64_t(std::floor(p[2] + 0.5));
      inside = args.movingMask[(z * args.movingSize.y + y) * args.movingSize.x + x] != 0;
    }
    args.inside[i] = inside ? 1 : 0;
  }
}

}  // namespace

void warp3dReference(const Warp3dArgs& args, Context& context, const Workspace&) {
  switch (args.type) {
    case VK_BOOL:
    case VK_U8:
      return warp<uint8_t>(args, context);
    case VK_I8:
      return warp<int8_t>(args, context);
    case VK_I16:
      return warp<int16_t>(args, context);
    case VK_U16:
      return warp<uint16_t>(args, context);
    case VK_I32:
      return warp<int32_t>(args, context);
    case VK_U32:
      return warp<uint32_t>(args, context);
    case VK_I64:
      return warp<int64_t>(args, context);
    case VK_U64:
      return warp<uint64_t>(args, context);
    case VK_F64:
      return warp<double>(args, context);
    default:
      return warp<float>(args, context);
  }
}

}  // namespace vk
