// How the CPU kernel cuts the image into tiles and its workspace into parts. Independent of the
// instruction set, and of the thread count but for the number of scratch areas: window sums slide,
// so where a tile begins shows in their last bits.
#pragma once

#include "lncc/lncc.h"

namespace vk {

/** What a window sums of every counted voxel, and with a mask how many there are. */
enum LnccSum { kSumF, kSumW, kSumFF, kSumWW, kSumFW, kSumCount, kLnccSums };

/** What the derivative of a window with respect to one of its voxels is made of:
 * a f - b w + c, with f and w the voxel's intensities. */
enum LnccCoefficient { kCoefficientA, kCoefficientB, kCoefficientC, kLnccCoefficients };

/** Of the counted voxels of one chunk, relative to the image's first voxel. */
struct LnccMoments {
  double counted;
  double f;
  double ff;
  double w;
  double ww;
};

struct LnccPartial {
  double sum;
  /** Of what the value changes by when the warped image is scaled against the floor. */
  double byScale;
};

/** The part of the image that holds every counted voxel: only its windows are looked at. */
struct LnccBox {
  int64_t begin[3];
  int64_t size[3];
};

/** The counted voxels of one slice lie within [begin, end) along x and y. */
struct LnccSliceBox {
  int64_t begin[2];
  int64_t end[2];
};

struct LnccLayout {
  LnccBox box;
  /** Elements from one row of a buffer to the next. */
  int64_t rowStride;
  int64_t tileRows;
  int64_t tileSlices;
  int64_t tilesY;
  int64_t tilesZ;
  int64_t momentChunks;

  /** Elements before and behind a row whose windows are summed. */
  int64_t rowLeft;
  int64_t rowLength;

  // Parts of the workspace.
  LnccSliceBox* sliceBoxes;
  LnccMoments* moments;
  LnccPartial* partials;
  /** Voxels of the box within reach along x, and one over it. */
  double* reachX;
  double* inverseReachX;
  /** One image of the box a coefficient, its rows rowStride long. */
  float* coefficients;
  double* scratch;
  int64_t scratchDoubles;
  /** Where in a scratch area the rows summed along y stand; those summed along z come first. */
  int64_t rowsAt;

  int64_t bytes;
};

constexpr int64_t kLnccMomentChunk = 65536;

LnccLayout lnccLayout(const LnccArgs& args, const LnccBox& box, void* memory);

LnccBox lnccWholeImage(const LnccArgs& args);
LnccSliceBox lnccSliceBox(const LnccArgs& args, int64_t z);
/** Of the slices' boxes, in the layout of the whole image. */
LnccBox lnccMaskBox(const LnccArgs& args, const LnccLayout& layout);

/** Zeroes the gradient of one slice outside the box. */
void lnccClearOutside(const LnccArgs& args, const LnccBox& box, int64_t z);

}  // namespace vk
