#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "conv_lstm/conv_lstm_cpu.cpp"
#include "core/simd_begin.h"
#include "conv_lstm/conv_lstm.h"
#include "core/parallel.h"
#include "lstm/lstm_curves-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** Cells of an image that a task takes. */
constexpr int64_t kChunk = 4096;

/** Where the values of a run of cells of one image are. */
struct CellRun {
  const float* gates;
  const float* cell;
  const float* peepholes;
  /** From a gate, or the weights of one, to the next. */
  int64_t stride;
};

HWY_ATTR CellRun cellRun(const ConvLstmArgs& args, int64_t image, int64_t first) {
  const float* const peepholes = static_cast<const float*>(args.peepholes);
  return {static_cast<const float*>(args.gates) + image * 4 * args.cells + first,
          static_cast<const float*>(args.cell) + image * args.cells + first,
          peepholes != nullptr ? peepholes + first : nullptr, args.cells};
}

/** The gates stand in the order input, forget, candidate, output. */
template <class D>
HWY_ATTR HWY_INLINE LstmSums<Lanes<D>> sumsAt(D d, const CellRun& run, int64_t i) {
  const float* const at = run.gates + i;
  return {lanesAt(d, at), lanesAt(d, at + 3 * run.stride), lanesAt(d, at + run.stride),
          lanesAt(d, at + 2 * run.stride)};
}
template <class D>
HWY_ATTR HWY_INLINE LstmPeepholes<Lanes<D>> weightsAt(D d, const CellRun& run, int64_t i) {
  const float* const at = run.peepholes;
  if (at == nullptr) return {lanesAt(d, nullptr), lanesAt(d, nullptr), lanesAt(d, nullptr)};
  return {lanesAt(d, at + i), lanesAt(d, at + 2 * run.stride + i), lanesAt(d, at + run.stride + i)};
}

/** Tasks are runs of cells through all images, so that each sums its own peepholes. */
template <class Body>
HWY_ATTR void forCells(const ConvLstmArgs& args, Context& context, const Body& body) {
  parallelFor(context, chunkCount(args.cells, kChunk), [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(args.cells, kChunk, chunk);
    for (int64_t image = 0; image < args.batch; ++image) {
      const hn::ScalableTag<float> d;
      const hn::CappedTag<float, 1> one;
      const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
      const int64_t count = range.end - range.begin;
      int64_t i = 0;
      for (; i + lanes <= count; i += lanes) body(d, image, range.begin, i);
      for (; i < count; ++i) body(one, image, range.begin, i);
    }
  });
}

HWY_ATTR void convLstmCpu(const ConvLstmArgs& args, Context& context, const Workspace&) {
  forCells(args, context, [&](auto d, int64_t image, int64_t first, int64_t i) HWY_ATTR {
    const CellRun run = cellRun(args, image, first);
    const auto step = lstmStep(sumsAt(d, run, i), lanesAt(d, run.cell + i),
                               args.peepholes != nullptr, weightsAt(d, run, i));
    const int64_t at = image * args.cells + first + i;
    storeLanes(d, step.cell, static_cast<float*>(args.newCell) + at);
    storeLanes(d, step.hidden, static_cast<float*>(args.hidden) + at);
  });
}

/** Adds to what earlier images have left. */
template <class D>
HWY_ATTR HWY_INLINE void addLanes(D d, Lanes<D> lanes, bool first, float* to) {
  storeLanes(d, first ? lanes : lanes + lanesAt(d, to), to);
}

HWY_ATTR void convLstmGradientCpu(const ConvLstmArgs& args, Context& context, const Workspace&) {
  const bool peeps = args.peepholes != nullptr;
  const int64_t cells = args.cells;
  forCells(args, context, [&](auto d, int64_t image, int64_t first, int64_t i) HWY_ATTR {
    const CellRun run = cellRun(args, image, first);
    const int64_t at = image * cells + first + i;
    const auto before = lanesAt(d, run.cell + i);
    const auto weights = weightsAt(d, run, i);
    const auto step = lstmStep(sumsAt(d, run, i), before, peeps, weights);
    const float* const ofCell = static_cast<const float*>(args.gradientNewCell);
    const auto derivative =
        lstmDerivative(step.gates, before, step.cell,
                       lanesAt(d, static_cast<const float*>(args.gradientHidden) + at),
                       lanesAt(d, ofCell != nullptr ? ofCell + at : nullptr), peeps, weights);
    float* const gates = static_cast<float*>(args.gradientGates) + image * 4 * cells + first + i;
    storeLanes(d, derivative.sums.input, gates);
    storeLanes(d, derivative.sums.forget, gates + cells);
    storeLanes(d, derivative.sums.candidate, gates + 2 * cells);
    storeLanes(d, derivative.sums.output, gates + 3 * cells);
    storeLanes(d, derivative.cell, static_cast<float*>(args.gradientCell) + at);
    if (!peeps) return;
    float* const ofWeights = static_cast<float*>(args.gradientPeepholes) + first + i;
    addLanes(d, derivative.sums.input * before, image == 0, ofWeights);
    addLanes(d, derivative.sums.forget * before, image == 0, ofWeights + cells);
    addLanes(d, derivative.sums.output * step.cell, image == 0, ofWeights + 2 * cells);
  });
  if (!peeps || args.batch > 0) return;
  float* const ofWeights = static_cast<float*>(args.gradientPeepholes);
  for (int64_t i = 0; i < 3 * cells; ++i) ofWeights[i] = 0.0f;
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(convLstmCpu);
VK_SIMD_TABLE(convLstmGradientCpu);

}  // namespace vk
#endif
