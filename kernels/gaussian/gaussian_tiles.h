// What the CPU kernel works out before it runs: the weights of every axis, and how the output is
// cut into tiles. Independent of the instruction set.
#pragma once

#include "gaussian/gaussian.h"

namespace vk {

/** Output slices, and rows, that are summed together: each input row is loaded once for all. */
constexpr int64_t kGaussianBlock = 4;

/** One axis as a banded matrix: output j is the weighted sum of the input rows
 * [begin[j], end[j]), all inside the image. */
struct GaussianBands {
  int64_t taps;
  int64_t* begin;
  int64_t* end;
  /** weights + j * taps belong to output j. */
  float* weights;
};

/** The x axis works on a row with its border written out, dealt into one array a phase of the
 * decimation, so that neighbouring outputs lie side by side. */
struct GaussianRow {
  int64_t taps;
  float* weights;
  /** Where in the dealt row tap t of output 0 lies. */
  int64_t* tapOffset;
  /** One factor an output voxel; null where the border does not need it. */
  float* scale;
  /** Left border, and the row with both, in voxels. */
  int64_t left;
  int64_t length;
  int64_t phaseStride;
};

struct GaussianTiles {
  GaussianRow x;
  GaussianBands y;
  GaussianBands z;
  /** Floats from one row of a buffer to the next. */
  int64_t rowStride;
  /** Output rows and slices of a tile. */
  int64_t tileRows;
  int64_t tileSlices;
  /** Most input rows a tile reads of one slice. */
  int64_t bufferRows;
  /** Floats of one scratch area, and its parts. */
  int64_t scratchFloats;
  int64_t linearAt;
  int64_t dealtAt;
  int64_t totalAt;
  float* scratch;

  int64_t tilesY;
  int64_t tilesZ;
  int64_t bytes;
};

/** Lays the tables out in `memory` and, where that is not null, fills them. */
GaussianTiles gaussianTiles(const GaussianArgs& args, void* memory);

}  // namespace vk
