#pragma once

#include "registry/registry.h"
#include "voxkern/registration.h"

namespace vk {

/** One axis of the control grid over the dense grid: sample s lies at (s - origin) / spacing. */
struct FfdAxis {
  int64_t samples;
  int64_t controls;
  double origin;
  double spacing;
};

/** Axes in x, y, z order. */
struct FfdGrid {
  FfdAxis x, y, z;
};

struct FfdArgs {
  FfdGrid grid;
  vk_element_type type;
  const void* coefficients;
  void* field;
};

struct FfdGradientArgs {
  FfdGrid grid;
  vk_element_type type;
  const void* fieldGradient;
  void* coefficientGradient;
};

struct FfdBendingArgs {
  /** Control points and spacing in mm, x, y, z. */
  int64_t controls[3];
  double spacingMm[3];
  double diffusionWeight;
  double bendingWeight;
  vk_element_type type;
  const void* coefficients;
  /** dvalue/dcoefficients; null when not wanted. */
  void* gradient;
  double* value;
};

struct FfdRefineArgs {
  /** Control points of the coarse grid, x, y, z. */
  int64_t controls[3];
  /** Which axes are halved, x, y, z. */
  bool refined[3];
  vk_element_type type;
  const void* coefficients;
  void* refinedCoefficients;
};

inline int64_t refinedControls(int64_t controls, bool refined) {
  return refined ? 2 * controls - 3 : controls;
}

/** A sample this near a control interval's end, in intervals, counts as lying on it. */
constexpr double kFfdSlack = 1e-6;

/** Interval and position in it of a sample: the taps are the control points interval - 1 ..
 * interval + 2. False where the grid lacks one of them that has weight. */
bool ffdLocate(const FfdAxis& axis, int64_t sample, int64_t* interval, double* fraction);

/** first[s] and the four weights of every sample; weight k of sample s goes to
 * weights[s * sampleStride + k * tapStride]. */
void ffdTabulate(const FfdAxis& axis, int32_t* first, float* weights, int64_t sampleStride,
                 int64_t tapStride);

void ffdReference(const FfdArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<FfdArgs>> ffdCpuTable;
int64_t ffdCpuWorkspaceBytes(const FfdArgs&);

void ffdGradientReference(const FfdGradientArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<FfdGradientArgs>> ffdGradientCpuTable;
int64_t ffdGradientCpuWorkspaceBytes(const FfdGradientArgs&);

void ffdBendingReference(const FfdBendingArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<FfdBendingArgs>> ffdBendingCpuTable;
int64_t ffdBendingCpuWorkspaceBytes(const FfdBendingArgs&);

void ffdRefineReference(const FfdRefineArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<FfdRefineArgs>> ffdRefineCpuTable;
int64_t ffdRefineCpuWorkspaceBytes(const FfdRefineArgs&);

}  // namespace vk
