#include "lstm/recurrent_layout.h"

#include <algorithm>

#include "core/scratch.h"

namespace vk {
namespace {

int64_t productBytes(const RecurrentArgs& args, int64_t m, int64_t n, int64_t k) {
  return matmulCpuWorkspaceBytes(
      plainMatmul(m, n, k, nullptr, false, nullptr, false, nullptr, args.threads));
}

int64_t packedFloats(int64_t n, int64_t k) {
  return matmulPackedBytes(plainMatmul(1, n, k, nullptr, false, nullptr, false, nullptr, 1)) /
         static_cast<int64_t>(sizeof(float));
}

}  // namespace

RecurrentLayout recurrentLayout(const RecurrentArgs& args, void* memory) {
  const int64_t rows = args.gateRows();
  WorkspaceLayout parts(memory);
  RecurrentLayout layout{};
  layout.bias = parts.take<float>(rows);
  layout.sums = parts.take<float>(args.steps * args.batch * rows);
  layout.stepSums = parts.take<float>(args.batch * rows);
  layout.reset = args.gates == 3 ? parts.take<float>(args.batch * args.hidden) : nullptr;
  layout.packed =
      parts.take<float>(packedFloats(rows, args.hidden) + packedFloats(args.hidden, args.hidden));
  layout.scratch.bytes = std::max({productBytes(args, args.steps * args.batch, rows, args.inputs),
                                   productBytes(args, args.batch, rows, args.hidden),
                                   productBytes(args, args.batch, 2 * args.hidden, args.hidden),
                                   productBytes(args, args.batch, args.hidden, args.hidden)});
  layout.scratch.data = parts.take<char>(layout.scratch.bytes);
  layout.bytes = parts.bytes();
  return layout;
}

RecurrentGradientLayout recurrentGradientLayout(const RecurrentArgs& args, void* memory) {
  const int64_t rows = args.gateRows();
  const int64_t all = args.steps * args.batch;
  WorkspaceLayout parts(memory);
  RecurrentGradientLayout layout{};
  layout.sums = parts.take<float>(all * rows);
  layout.recurrentSums = args.gates == 3 ? parts.take<float>(all * rows) : layout.sums;
  layout.stepSums = parts.take<float>(args.batch * rows);
  layout.hidden = parts.take<float>(args.batch * args.hidden);
  layout.cell = parts.take<float>(args.batch * args.hidden);
  layout.before = parts.take<float>(all * args.hidden);
  layout.beforeReset = args.gates == 3 ? parts.take<float>(all * args.hidden) : layout.before;
  layout.ones = parts.take<float>(all);
  layout.packed =
      parts.take<float>(packedFloats(args.hidden, rows) + packedFloats(args.hidden, args.hidden));
  layout.scratch.bytes = std::max(
      {productBytes(args, args.batch, args.hidden, rows),
       productBytes(args, args.batch, args.hidden, 2 * args.hidden),
       productBytes(args, args.batch, args.hidden, args.hidden),
       productBytes(args, rows, args.inputs, all), productBytes(args, rows, args.hidden, all),
       productBytes(args, args.hidden, args.hidden, all), productBytes(args, 1, rows, all),
       productBytes(args, all, args.inputs, rows)});
  layout.scratch.data = parts.take<char>(layout.scratch.bytes);
  layout.bytes = parts.bytes();
  return layout;
}

int64_t recurrentRowsEach(const RecurrentArgs& args) {
  return std::max<int64_t>(1, 4096 / std::max<int64_t>(1, args.hidden));
}

}  // namespace vk
