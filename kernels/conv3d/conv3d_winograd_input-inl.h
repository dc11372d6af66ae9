// The input of one task in scratch memory: the rows of a block of tiles with their padding, in a
// ring of planes. Included after core/simd_begin.h, once an instruction set.
#include "conv3d/conv3d_winograd-inl.h"
#include "conv3d/conv3d_winograd.h"
#include "core/parallel.h"

#if defined(VK_CONV3D_WINOGRAD_INPUT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_CONV3D_WINOGRAD_INPUT_INL_H
#undef VK_CONV3D_WINOGRAD_INPUT_INL_H
#else
#define VK_CONV3D_WINOGRAD_INPUT_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** Tiles of Z x M x M outputs. Planes and rows are counted in the task's lattice, from the first
 * that the lattice's tile 0 needs. */
template <int Z, int M>
class WinogradInput {
 public:
  HWY_ATTR WinogradInput(const Conv3dArgs& args, const WinogradTiling& tiling,
                         const WinogradTask& task, Range channels, float* ring)
      : args_(args), tiling_(tiling), task_(task), channels_(channels), ring_(ring) {
    inVoxels_ = args.inSize[0] * args.inSize[1] * args.inSize[2];
    input_ = static_cast<const float*>(args.input) +
             (task.image * args.groups + task.group) * args.inChannels * inVoxels_;
    rows_ = M * task.count[1] + winogradValues(M) - M;
    copied_ = {channels.end, 0, 0};
    begin_ = end_ = Z * task.first[0];
  }

  /** Says that the planes of the tiles [.., end) come next, and how many rows of them are missing.
   * Those before `begin` are not needed any more. */
  HWY_ATTR int64_t expect(int64_t end) {
    begin_ = end_;
    end_ = Z * end + winogradValues(Z) - Z;
    copied_ = {channels_.begin, begin_, 0};
    return (end_ - begin_) * rows_ * (channels_.end - channels_.begin);
  }

  /** Copies up to `count` of the rows that are expected. */
  HWY_ATTR HWY_NOINLINE void copy(int64_t count) {
    for (; count > 0 && copied_.channel < channels_.end; --count) {
      copyRow(rowAt(copied_), placeOf(copied_));
      step(copied_);
    }
  }

  /** Asks for what the next copy(count) reads and writes: the ring is larger than the second-level
   * cache, so that stores wait as loads do. */
  HWY_ATTR HWY_NOINLINE void fetch(int64_t count) const {
    // Else g++ takes the function for one without effect and drops its calls.
    asm volatile("");
    const int64_t floats = M * tiling_.lattices[2] * (task_.count[2] + 1);
    int64_t begin = M * task_.first[2] * tiling_.dilation[2] - args_.paddingBegin[2];
    int64_t end = begin + floats / tiling_.lattices[2] * tiling_.dilation[2];
    if (begin < 0) begin = 0;
    if (end > args_.inSize[2]) end = args_.inSize[2];
    for (Place place = copied_; count > 0 && place.channel < channels_.end; --count, step(place)) {
      const float* const to = placeOf(place);
      for (int64_t x = 0; x < floats; x += kLineFloats) __builtin_prefetch(to + x, 1, 3);
      const float* const from = rowAt(place);
      if (from == nullptr) continue;
      for (int64_t x = begin; x < end; x += kLineFloats) __builtin_prefetch(from + x, 0, 2);
    }
  }

  /** All the rest. */
  HWY_ATTR void complete() { copy((channels_.end - channels_.begin) * (end_ - begin_) * rows_); }

  HWY_ATTR float* plane(int64_t channel, int64_t plane) const {
    return ring_ + (channel - channels_.begin) * tiling_.channelFloats +
           plane % tiling_.ring * tiling_.planeFloats;
  }

 private:
  static constexpr int64_t kLineFloats = 16;

  struct Place {
    int64_t channel;
    int64_t plane;
    int64_t row;
  };

  HWY_ATTR void step(Place& place) const {
    if (++place.row < rows_) return;
    place.row = 0;
    if (++place.plane < end_) return;
    place.plane = begin_;
    ++place.channel;
  }

  HWY_ATTR float* placeOf(const Place& place) const {
    return plane(place.channel, place.plane) +
           (place.row % M * (task_.count[1] + 1) + place.row / M) * M * tiling_.lattices[2] *
               (task_.count[2] + 1);
  }

  /** Null outside the input. */
  HWY_ATTR const float* rowAt(const Place& place) const {
    const int64_t z = task_.lattice[0] + place.plane * tiling_.dilation[0] - args_.paddingBegin[0];
    const int64_t y = task_.lattice[1] + (M * task_.first[1] + place.row) * tiling_.dilation[1] -
                      args_.paddingBegin[1];
    if (z < 0 || z >= args_.inSize[0] || y < 0 || y >= args_.inSize[1]) return nullptr;
    return input_ + place.channel * inVoxels_ + (z * args_.inSize[1] + y) * args_.inSize[2];
  }

  /** One row, lattice by lattice: place e of lattice q holds voxel first + q + e dilation. */
  HWY_ATTR void copyRow(const float* from, float* to) const {
    const int64_t dilation = tiling_.dilation[2];
    const int64_t lattices = tiling_.lattices[2];
    const int64_t each = M * (task_.count[2] + 1);
    if (from == nullptr) {
      for (int64_t e = 0; e < lattices * each; ++e) to[e] = 0;
      return;
    }
    const int64_t first = M * task_.first[2] * dilation - args_.paddingBegin[2];
    // Places that lie inside for all lattices.
    const Range all = {insideOf(first, each).begin, insideOf(first + lattices - 1, each).end};
    Range done = {all.begin, all.begin};
    if (all.begin < all.end && dilation == lattices) {
      if (dilation == 1) done.end = copyRun(from + first, to, all);
      if (dilation == 2) done.end = deal<2>(from + first, to, each, all);
      if (dilation == 4) done.end = deal<4>(from + first, to, each, all);
    }
    for (int64_t q = 0; q < lattices; ++q, to += each) {
      const float* const start = from + first + q;
      const Range inside = insideOf(first + q, each);
      for (int64_t e = 0; e < inside.begin; ++e) to[e] = 0;
      for (int64_t e = inside.begin; e < done.begin; ++e) to[e] = start[e * dilation];
      const int64_t rest = done.end > inside.begin ? done.end : inside.begin;
      for (int64_t e = rest; e < inside.end; ++e) to[e] = start[e * dilation];
      for (int64_t e = inside.end; e < each; ++e) to[e] = 0;
    }
  }

  /** Of `each` places from voxel `start` on, those inside the row. */
  HWY_ATTR Range insideOf(int64_t start, int64_t each) const {
    const int64_t dilation = tiling_.dilation[2];
    int64_t begin = start >= 0 ? 0 : chunkCount(-start, dilation);
    int64_t end = start < args_.inSize[2] ? chunkCount(args_.inSize[2] - start, dilation) : 0;
    if (end > each) end = each;
    if (begin > end) begin = end;
    return {begin, end};
  }

  /** As many places as whole vectors fill; where they end. */
  static HWY_ATTR int64_t copyRun(const float* from, float* to, Range places) {
    const WinogradTag d;
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
    int64_t e = places.begin;
    for (; e + lanes <= places.end; e += lanes) hn::StoreU(hn::LoadU(d, from + e), d, to + e);
    return e;
  }

  template <int Lattices>
  static HWY_ATTR int64_t deal(const float* from, float* to, int64_t each, Range places) {
    const WinogradTag d;
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
    int64_t e = places.begin;
    for (; e + lanes <= places.end; e += lanes) {
      WinogradVec dealt[Lattices];
      loadDealt<Lattices>(from + Lattices * e, dealt);
#pragma GCC unroll 4
      for (int q = 0; q < Lattices; ++q) hn::StoreU(dealt[q], d, to + q * each + e);
    }
    return e;
  }

  const Conv3dArgs& args_;
  const WinogradTiling& tiling_;
  const WinogradTask& task_;
  /** Input channels that it holds. */
  Range channels_;
  float* ring_;
  const float* input_;
  int64_t inVoxels_;
  /** Input rows of the task, of each plane. */
  int64_t rows_;
  /** Planes that are expected. */
  int64_t begin_;
  int64_t end_;
  Place copied_;
};

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
