// The adjoint of the linear sampling block by block, with the derivative by the grid where that is
// asked for, too. Included once an instruction set.
#if defined(VK_GRID_SAMPLE_BLOCKS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_GRID_SAMPLE_BLOCKS_INL
#undef VK_GRID_SAMPLE_BLOCKS_INL
#else
#define VK_GRID_SAMPLE_BLOCKS_INL
#endif

#include <atomic>

#include "core/scratch.h"
#include "grid_sample/grid_sample_ring-inl.h"
#include "grid_sample/grid_sample_slopes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace {

/** How boxes are found: of so many slices and rows one is looked at, what lies between slices is
 * taken to change evenly, and voxels are added on either side. */
struct Look {
  int64_t slices, rows;
  float margin;
};
/** First for grids that bend little from row to row; then, if a cell was not in its box, exactly.
 */
constexpr Look kLooks[] = {{4, 8, 1.0f}, {1, 1, 0.0f}};
/** So many rows ahead the grid is asked for. */
constexpr int64_t kRowsAhead = 2;

/** Extent of positions on one axis. */
struct Extent {
  float low, high;
};

/** Positions with the padding applied of the rows that are looked at in slice z of a block. */
HWY_INLINE void extentOfSlice(const GridFrame& frame, const GridSampleRows& all,
                              const GridSampleChunk& block, int64_t rowsPerLook, int64_t z,
                              const float* grid, Extent extent[3]) {
  const F32 d;
  VecF low[3], high[3];
  for (int r = 0; r < 3; ++r) {
    low[r] = hn::Set(d, float(frame.axis[r].size));
    high[r] = hn::Zero(d);
  }
  for (int64_t y = block.rows.begin; y < block.rows.end;) {
    for (int64_t x = block.columns.begin; x < block.columns.end; x += kLanes) {
      const int64_t left = block.columns.end - x;
      VecF coordinate[3];
      loadCoordinates<3>(grid + 3 * ((z * all.height + y) * all.width + x),
                         left < kLanes ? left : kLanes, coordinate);
      for (int r = 0; r < 3; ++r) {
        VecF slope;
        const VecF p = gridPosition(frame.axis[r], frame.args->padding, coordinate[r], &slope);
        low[r] = hn::Min(low[r], p);
        high[r] = hn::Max(high[r], p);
      }
    }
    const int64_t last = block.rows.end - 1;
    y = y < last && y + rowsPerLook > last ? last : y + rowsPerLook;
  }
  for (int r = 0; r < 3; ++r) {
    extent[r] = {hn::GetLane(hn::MinOfLanes(d, low[r])), hn::GetLane(hn::MaxOfLanes(d, high[r]))};
  }
}

/** First and last cell of an extent, both within the input. */
HWY_INLINE void cellsOfExtent(const GridAxis& axis, Extent extent, float margin, int32_t cell[2]) {
  const float last = axis.last - 1;
  const auto clamped = [last](float p) { return int32_t(p > last ? last : p > 0 ? p : 0); };
  cell[0] = clamped(extent.low - margin);
  cell[1] = clamped(extent.high + margin);
}

/** Finds the box of a block; false if there is no room for it. `lowest` has an entry for every
 * slice of the block and one more. */
HWY_INLINE bool findBox(const GridFrame& frame, const GridSampleBlocks& blocks,
                        const GridSampleChunk& block, const Look& look, const float* grid,
                        GridSampleBox* box, int32_t* lowest) {
  const int64_t slices = block.slices.end - block.slices.begin;
  int32_t first[3] = {INT32_MAX, INT32_MAX, INT32_MAX};
  int32_t last[3] = {0, 0, 0};
  box->window = 2;
  lowest[slices] = INT32_MAX;
  const auto reach = [&](int64_t z, const Extent extent[3]) HWY_ATTR {
    int32_t cell[3][2];
    for (int r = 0; r < 3; ++r) {
      cellsOfExtent(frame.axis[r], extent[r], look.margin, cell[r]);
      if (cell[r][0] < first[r]) first[r] = cell[r][0];
      if (cell[r][1] > last[r]) last[r] = cell[r][1];
    }
    lowest[z] = cell[2][0] < lowest[z + 1] ? cell[2][0] : lowest[z + 1];
    const int32_t window = cell[2][1] + 2 - lowest[z];
    if (window > box->window) box->window = window;
  };
  // Backwards, for what a slice and those after it reach.
  Extent above[3], below[3], between[3];
  int64_t top = slices - 1;
  extentOfSlice(frame, blocks, block, look.rows, block.slices.begin + top, grid, above);
  reach(top, above);
  while (top > 0) {
    const int64_t bottom = top > look.slices ? top - look.slices : 0;
    extentOfSlice(frame, blocks, block, look.rows, block.slices.begin + bottom, grid, below);
    for (int64_t z = top - 1; z >= bottom; --z) {
      const float t = float(z - bottom) / float(top - bottom);
      for (int r = 0; r < 3; ++r) {
        between[r] = {below[r].low + t * (above[r].low - below[r].low),
                      below[r].high + t * (above[r].high - below[r].high)};
      }
      reach(z, between);
    }
    for (int r = 0; r < 3; ++r) above[r] = below[r];
    top = bottom;
  }
  for (int r = 0; r < 3; ++r) {
    box->begin[r] = first[r];
    box->size[r] = last[r] + 2 - first[r];
  }
  return box->voxels() <= blocks.boxVoxels && SliceRing::floatsFor(*box) <= blocks.ringFloats;
}

/** Whether coordinates that are no numbers, or too large, are in no cell without being looked at:
 * on x86 they become the least of integers. */
constexpr bool kOddCellsAreFar = HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2;

/** Cells of a vector without padding, right where they lie within the input. */
HWY_INLINE GridCells plainCells(const GridFrame& frame, const VecF coordinate[3]) {
  const F32 d;
  GridCells at;
  for (int r = 0; r < 3; ++r) {
    const VecF p =
        hn::MulAdd(coordinate[r], hn::Set(d, frame.axis[r].scale), hn::Set(d, frame.axis[r].shift));
    const VecF whole = hn::Floor(p);
    at.cell[r] = wholeNumber(whole);
    at.weight[r][1] = hn::Sub(p, whole);
    at.weight[r][0] = hn::Sub(hn::Set(d, 1.0f), at.weight[r][1]);
  }
  return at;
}

/** What is kept of a batch's vectors for dL/dgrid. */
struct SlopeBatch {
  /** Whether a vector's cells are plain: then it has offsets, and fractions along y and z, here. */
  bool plain[RingBatch::kVectors];
  HWY_ALIGN uint32_t offsets[RingBatch::kVectors][kLanes];
  HWY_ALIGN float fraction[RingBatch::kVectors][2][kLanes];
  GridBatch<3, true, uint32_t, RingBatch::kVectors> padded;

  HWY_INLINE void put(int64_t k, const GridFrame& frame, const float* image, const GridCells& at) {
    const F32 d;
    const I32 di;
    const hn::Rebind<uint32_t, F32> du;
    const int64_t* const size = frame.args->size;
    const VecI row = hn::Add(hn::Mul(at.cell[2], hn::Set(di, int32_t(size[1]))), at.cell[1]);
    const VecI voxel = hn::Add(hn::Mul(row, hn::Set(di, int32_t(size[0]))), at.cell[0]);
    hn::Store(hn::BitCast(du, voxel), du, offsets[k]);
    for (int r = 0; r < 2; ++r) hn::Store(at.weight[r + 1][1], d, fraction[k][r]);
    plain[k] = true;
    // The row above has read the nearer rows.
    const float* const farther = image + frame.strides.y;
    for (int64_t lane = 0; lane < kLanes; lane += kPrefetchEach) {
      __builtin_prefetch(farther + offsets[k][lane]);
      __builtin_prefetch(farther + frame.strides.z + offsets[k][lane]);
    }
  }

  HWY_INLINE void put(int64_t k, const GridFrame& frame, const PaddedCells<3>& at, int64_t position,
                      int64_t n) {
    padded.put(k, frame, at, position, n);
    plain[k] = false;
  }
};

/** One plane's samples of a block, of an item with one channel where kGrid. */
template <bool kGrid>
class BlockSums {
 public:
  BlockSums(const GridFrame& frame, const GridSampleBlocks& blocks, int64_t plane,
            const GridSampleChunk& block, const GridSampleBox& box, float* ringMemory)
      : frame_(frame),
        blocks_(blocks),
        block_(block),
        grid_(static_cast<const float*>(frame.args->grid) +
              block.item * 3 * frame.args->positions()),
        upstream_(static_cast<const float*>(frame.args->upstream) +
                  plane * frame.args->positions()),
        image_(nullptr),
        gradientGrid_(nullptr),
        large_(gradientIsLarge(*frame.args)),
        ring_(box, ringMemory) {
    if (!kGrid) return;
    const GridSampleArgs& args = *frame.args;
    image_ = static_cast<const float*>(args.input) + plane * args.volume();
    gradientGrid_ = static_cast<float*>(args.gradientGrid) + plane * 3 * args.positions();
  }

  /** false if a cell is not in the box: the sums are then not complete. */
  HWY_INLINE bool addAll(const GridSampleBox& box, const int32_t* lowest, float* sums) {
    const bool within = addSlices(box, lowest, sums);
    // Others may write the same positions next, also where this failed.
    if (kGrid && large_) hwy::FlushStream();
    return within;
  }

 private:
  HWY_INLINE bool addSlices(const GridSampleBox& box, const int32_t* lowest, float* sums) {
    const int64_t known = kGrid ? chunkAhead<3>(frame_, blocks_, block_, grid_) : 0;
    ahead_ = frame_.strides.z;
    for (int64_t z = block_.slices.begin; z < block_.slices.end; ++z) {
      if (!addSlice(z)) return false;
      flush();
      if (known != 0) ahead_ = known;
      const int64_t next = z + 1 - block_.slices.begin;
      if (z + 1 < block_.slices.end) ring_.completeTo(lowest[next], sums);
    }
    ring_.completeTo(box.begin[2] + box.size[2], sums);
    return true;
  }

  HWY_INLINE bool addSlice(int64_t z) {
    const int64_t width = blocks_.width, height = blocks_.height;
    const int64_t rows = block_.rows.end - block_.rows.begin;
    for (int64_t y = block_.rows.begin; y < block_.rows.end; ++y) {
      // After the last rows come the first ones of the next slice.
      const int64_t down =
          y + kRowsAhead < block_.rows.end ? kRowsAhead : height + kRowsAhead - rows;
      for (int64_t x = block_.columns.begin; x < block_.columns.end; x += kLanes) {
        const int64_t position = (z * height + y) * width + x;
        const int64_t left = block_.columns.end - x;
        prefetchGrid<3>(grid_ + 3 * (position + down * width));
        __builtin_prefetch(upstream_ + position + down * width);
        if (HWY_UNLIKELY(!addVector(position, left < kLanes ? left : kLanes))) return false;
        if (batch_.full()) flush();
      }
    }
    return true;
  }

  HWY_INLINE bool addVector(int64_t position, int64_t lanes) {
    VecF coordinate[3];
    loadCoordinates<3>(grid_ + 3 * position, lanes, coordinate);
    if constexpr (kOddCellsAreFar) {
      const GridCells at = plainCells(frame_, coordinate);
      if (HWY_LIKELY(batch_.add(ring_, at, position, lanes))) {
        if constexpr (kGrid) slopes_.put(batch_.count - 1, frame_, image_, at);
        return true;
      }
    }
    const PaddedCells<3> padded(frame_, coordinate);
    GridCells at;
    for (int r = 0; r < 3; ++r) {
      at.cell[r] = padded.cell[r];
      for (int side = 0; side < 2; ++side) at.weight[r][side] = padded.sides[r].weight[side];
    }
    if (!batch_.add(ring_, at, position, lanes)) return false;
    if constexpr (kGrid) slopes_.put(batch_.count - 1, frame_, padded, position, lanes);
    return true;
  }

  /** dL/dgrid of the batch. */
  HWY_INLINE void writeSlopes() const {
    const F32 d;
    // By value, as stores of vectors may change anything that is referred to.
    const Strides strides = frame_.strides;
    const float* const image = image_;
    const float* const upstream = upstream_;
    float* const gradient = gradientGrid_;
    const int64_t ahead = ahead_, count = batch_.count;
    const bool large = large_;
    VecF scale[3];
    for (int r = 0; r < 3; ++r) scale[r] = hn::Set(d, frame_.axis[r].scale);
    for (int64_t k = 0; k < count; ++k) {
      const int64_t position = batch_.first[k], lanes = batch_.lanes[k];
      const VecF g = loadFirst(upstream + position, lanes);
      VecF sum[3];
      if (HWY_LIKELY(slopes_.plain[k])) {
        prefetchCells(image, ahead, slopes_.offsets[k], k);
        const VecI none = hn::Zero(I32());
        const Cells cells = {hn::Load(d, batch_.alongX[k][1]),
                             hn::Load(d, slopes_.fraction[k][0]),
                             hn::Load(d, slopes_.fraction[k][1]),
                             none,
                             none,
                             none};
        const Slope slope = linearSlope(image, strides, slopes_.offsets[k], cells);
        sum[0] = hn::Mul(hn::Mul(g, scale[0]), slope.x);
        sum[1] = hn::Mul(hn::Mul(g, scale[1]), slope.y);
        sum[2] = hn::Mul(hn::Mul(g, scale[2]), slope.z);
      } else {
        const auto& padded = slopes_.padded;
        prefetchCells(image, ahead, padded.offsets[k], k);
        for (VecF& s : sum) s = hn::Zero(d);
        addSlopes<3>(image, strides, padded.offsets[k], padded.weight[k], padded.slope[k], g, sum);
      }
      storeCoordinates<3>(sum, lanes, large, gradient + 3 * position);
    }
  }

  HWY_INLINE void flush() {
    if constexpr (kGrid) writeSlopes();
    batch_.addTo(ring_, upstream_,
                 [this](int64_t position, float g) HWY_ATTR { addTaps(position, g); });
  }

  HWY_NOINLINE void addTaps(int64_t position, float g) const {
    PositionTaps taps;
    positionTaps(*frame_.args, grid_ + 3 * position, &taps);
    forEachTap(taps, [&](int64_t x, int64_t y, int64_t z, double weight)
                         HWY_ATTR { *ring_.voxel(x, y, z) += float(weight * double(g)); });
  }

  const GridFrame& frame_;
  const GridSampleBlocks& blocks_;
  const GridSampleChunk block_;
  const float* const grid_;
  const float* const upstream_;
  const float* image_;
  float* gradientGrid_;
  const bool large_;
  int64_t ahead_ = 0;
  SliceRing ring_;
  RingBatch batch_;
  std::conditional_t<kGrid, SlopeBatch, std::false_type> slopes_;
};

/** Adds the sums of a box to a slice of a plane. */
HWY_INLINE void addBoxSlice(const GridSampleBox& box, const float* from, int64_t width, float* to) {
  const F32 d;
  const int64_t n = box.size[0];
  const int64_t whole = n / kLanes * kLanes;
  const auto rest = hn::FirstN(d, size_t(n - whole));
  to += box.begin[1] * width + box.begin[0];
  for (int64_t y = 0; y < box.size[1]; ++y, from += n, to += width) {
    for (int64_t x = 0; x < whole; x += kLanes) {
      hn::StoreU(hn::Add(hn::LoadU(d, to + x), hn::LoadU(d, from + x)), d, to + x);
    }
    if (whole == n) continue;
    hn::BlendedStore(
        hn::Add(hn::MaskedLoad(rest, d, to + whole), hn::MaskedLoad(rest, d, from + whole)), rest,
        d, to + whole);
  }
}

/** The blocks of all items. */
template <bool kGrid>
class BlockRun {
 public:
  BlockRun(const GridSampleArgs& args, const Workspace& workspace)
      : args_(args),
        blocks_(args),
        layout_(workspace.data),
        memory_(args, blocks_, layout_),
        perItem_(blocks_.perItem()),
        slice_(args.size[0] * args.size[1]) {}

  /** Whether there is room for all boxes. */
  HWY_INLINE bool findBoxes(Context& context, const Look& look) {
    std::atomic<bool> fit = true;
    parallelFor(context, args_.batch * perItem_, [&](int64_t number) HWY_ATTR {
      const int64_t item = number / perItem_;
      const GridFrame frame(args_);
      if (!findBox(frame, blocks_, blocks_.at(item, number % perItem_), look,
                   static_cast<const float*>(args_.grid) + item * 3 * args_.positions(),
                   memory_.boxes + number, lowestOf(number))) {
        fit = false;
      }
    });
    return fit;
  }

  /** Whether all cells were in their boxes; otherwise the gradients are not complete. */
  HWY_INLINE bool writeGradients(Context& context) {
    const int64_t slices = blocks_.planes * args_.size[2];
    for (int64_t i = 0; i < slices; ++i) memory_.written[i] = 0;
    const int64_t all = blocks_.planes * perItem_;
    for (int64_t begin = 0; begin < all; begin += blocks_.atOnce) {
      const int64_t left = all - begin;
      const Range round = {begin, begin + (left < blocks_.atOnce ? left : blocks_.atOnce)};
      if (!addSamples(context, round)) return false;
      addBoxes(context, round);
    }
    parallelFor(context, slices, [&](int64_t k) HWY_ATTR {
      if (memory_.written[k] == 0) clearSlice(k);
    });
    return true;
  }

 private:
  /** Of the blocks of a round, which number those of all planes. */
  HWY_INLINE bool addSamples(Context& context, Range round) {
    ScratchSlots rings(int32_t(blocks_.rings));
    std::atomic<bool> within = true;
    parallelFor(context, round.end - round.begin, [&](int64_t k) HWY_ATTR {
      const int64_t number = round.begin + k, plane = number / perItem_;
      const int64_t box = boxOf(number);
      const GridFrame frame(args_);
      const int32_t ring = rings.acquire();
      BlockSums<kGrid> sums(frame, blocks_, plane,
                            blocks_.at(plane / args_.channels, number % perItem_),
                            memory_.boxes[box], memory_.rings + ring * blocks_.ringFloats);
      if (!sums.addAll(memory_.boxes[box], lowestOf(box), sumsOf(k))) within = false;
      rings.release(ring);
    });
    return within;
  }

  /** Adds a round's boxes to the slices, one after the other. */
  HWY_INLINE void addBoxes(Context& context, Range round) {
    const int64_t depth = args_.size[2];
    const int64_t firstPlane = round.begin / perItem_;
    const int64_t planes = (round.end - 1) / perItem_ + 1 - firstPlane;
    parallelFor(context, planes * depth, [&](int64_t k) HWY_ATTR {
      const int64_t plane = firstPlane + k / depth, z = k % depth;
      const int64_t number = plane * depth + z;
      const int64_t first = plane * perItem_, next = first + perItem_;
      const Range range = {first < round.begin ? round.begin : first,
                           next < round.end ? next : round.end};
      for (int64_t block = range.begin; block < range.end; ++block) {
        const GridSampleBox& box = memory_.boxes[boxOf(block)];
        const int64_t inside = z - box.begin[2];
        if (inside < 0 || inside >= box.size[2]) continue;
        if (memory_.written[number] == 0) clearSlice(number);
        memory_.written[number] = 1;
        addBoxSlice(box, sumsOf(block - round.begin) + inside * box.slice(), args_.size[0],
                    sliceAt(number));
      }
    });
  }

  HWY_INLINE int64_t boxOf(int64_t number) const {
    return number / perItem_ / args_.channels * perItem_ + number % perItem_;
  }
  HWY_INLINE int32_t* lowestOf(int64_t box) const {
    return memory_.lowest + box * (blocks_.slices + 1);
  }
  HWY_INLINE float* sumsOf(int64_t inRound) const {
    return memory_.sums + inRound * (blocks_.boxVoxels + kGridSampleSlack);
  }
  HWY_INLINE float* sliceAt(int64_t number) const {
    return static_cast<float*>(args_.gradient) + number * slice_;
  }
  HWY_INLINE void clearSlice(int64_t number) const {
    float* const to = sliceAt(number);
    for (int64_t i = 0; i < slice_; ++i) to[i] = 0;
  }

  const GridSampleArgs& args_;
  const GridSampleBlocks blocks_;
  WorkspaceLayout layout_;
  const GridSampleBlockMemory memory_;
  const int64_t perItem_;
  const int64_t slice_;
};

/** Writes dL/dinput, and where kGrid dL/dgrid; false if there is no room for the boxes of so rough
 * a grid: then anything may have been written. */
template <bool kGrid>
HWY_INLINE bool gradientByBlocks(const GridSampleArgs& args, Context& context,
                                 const Workspace& workspace) {
  BlockRun<kGrid> run(args, workspace);
  for (const Look& look : kLooks) {
    if (!run.findBoxes(context, look)) return false;
    if (run.writeGradients(context)) return true;
  }
  return false;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif
