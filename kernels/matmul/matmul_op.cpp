#include <algorithm>
#include <cmath>

#include "core/threads.h"
#include "matmul/matmul.h"
#include "matmul/matmul_amx.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kName = "matmul";

long long shown(int64_t value) { return static_cast<long long>(value); }

/** What the parameters alone say; the rest is zero. */
MatmulArgs ofParams(const vk_matmul_params* params) {
  if (params == nullptr || params->struct_size != sizeof(vk_matmul_params)) {
    invalidArgument("%s: the parameters are missing or of another version", kName);
  }
  if (params->activation < VK_ACTIVATION_NONE || params->activation > VK_ACTIVATION_LEAKY_RELU) {
    invalidArgument("%s: unknown activation %d", kName, static_cast<int>(params->activation));
  }
  if (!std::isfinite(params->negative_slope) || !std::isfinite(params->alpha) ||
      !std::isfinite(params->beta)) {
    invalidArgument("%s: negative_slope is %g, alpha %g and beta %g, expected finite numbers",
                    kName, params->negative_slope, params->alpha, params->beta);
  }
  if (!(params->accuracy >= 0)) {
    invalidArgument("%s: accuracy is %g, expected a relative error of 0 or more", kName,
                    params->accuracy);
  }
  MatmulArgs args{};
  args.accuracy = params->accuracy;
  args.activation = params->activation;
  args.negativeSlope = params->negative_slope;
  args.alpha = params->alpha;
  args.beta = params->beta;
  return args;
}

void requireMatrix(const char* name, const vk_view* view) {
  requireDenseFloat(kName, name, view);
  if (view->rank < 2) {
    invalidArgument("%s: %s is %s, expected a matrix or a batch of them", kName, name,
                    describe(*view).c_str());
  }
}

/** Size of the view along an axis of the output, counted from the last; 1 beyond its rank. */
int64_t sizeFromEnd(const vk_view& view, int32_t fromEnd) {
  return fromEnd < view.rank ? view.sizes[view.rank - 1 - fromEnd] : 1;
}

/** Elements from one to the next along that axis, 0 where the view is broadcast. */
int64_t strideFromEnd(const vk_view& view, int32_t fromEnd) {
  if (sizeFromEnd(view, fromEnd) == 1) return 0;
  int64_t stride = 1;
  for (int32_t axis = 0; axis < fromEnd; ++axis) stride *= sizeFromEnd(view, axis);
  return stride;
}

void readB(MatmulArgs& args, const vk_view& b, const vk_matmul_params& params) {
  args.type = b.type;
  args.k = sizeFromEnd(b, params.transpose_b ? 0 : 1);
  args.n = sizeFromEnd(b, params.transpose_b ? 1 : 0);
  args.bDepth = params.transpose_b ? 1 : args.n;
  args.bColumn = params.transpose_b ? args.k : 1;
  args.bMatrices = 1;
  for (int32_t axis = 2; axis < b.rank; ++axis) args.bMatrices *= sizeFromEnd(b, axis);
  args.b = b.data;
}

/** Leading axes that b lacks are rows like others, if a and c go on through them as they do through
 * their rows. */
void countAsRows(MatmulArgs& args) {
  while (args.batchAxes > 0) {
    const int32_t last = args.batchAxes - 1;
    if (args.bBatch[last] != 0) return;
    if (args.m == 1) {
      args.aRow = args.aBatch[last];
      args.cRow = args.cBatch[last];
    } else if (args.aBatch[last] != args.m * args.aRow ||
               (args.c != nullptr && args.cBatch[last] != args.m * args.cRow)) {
      return;
    }
    args.m *= args.batchSize[last];
    --args.batchAxes;
  }
}

MatmulArgs checked(const Context& context, const vk_view* a, const vk_view* b, const vk_view* c,
                   const vk_matmul_params* params, const vk_view* output) {
  MatmulArgs args = ofParams(params);
  requireMatrix("a", a);
  requireMatrix("b", b);
  requireMatrix("output", output);
  requireSameType(kName, "b", *b, "a", *a);
  requireSameType(kName, "output", *output, "a", *a);
  readB(args, *b, *params);
  args.m = sizeFromEnd(*a, params->transpose_a ? 0 : 1);
  if (sizeFromEnd(*a, params->transpose_a ? 1 : 0) != args.k) {
    invalidArgument("%s: a is %s%s and b %s%s; their inner sizes must agree", kName,
                    describe(*a).c_str(), params->transpose_a ? " transposed" : "",
                    describe(*b).c_str(), params->transpose_b ? " transposed" : "");
  }
  args.aRow = params->transpose_a ? 1 : args.k;
  args.aDepth = params->transpose_a ? args.m : 1;
  const int32_t rank = std::max(a->rank, b->rank);
  bool fits = output->rank == rank && sizeFromEnd(*output, 0) == args.n &&
              sizeFromEnd(*output, 1) == args.m;
  if (present(c)) {
    requireDense(kName, "c", c, a->type);
    bool broadcasts = c->rank <= rank;
    for (int32_t axis = 0; axis < c->rank && broadcasts; ++axis) {
      const int64_t size = sizeFromEnd(*c, axis);
      broadcasts = size == 1 || size == sizeFromEnd(*output, axis);
    }
    if (!broadcasts) {
      invalidArgument("%s: c is %s, which does not broadcast to output, %s", kName,
                      describe(*c).c_str(), describe(*output).c_str());
    }
    if (args.beta != 0) args.c = c->data;
    args.cRow = strideFromEnd(*c, 1);
    args.cColumn = strideFromEnd(*c, 0);
  }
  for (int32_t axis = rank - 1; axis >= 2; --axis) {
    const int64_t ofA = sizeFromEnd(*a, axis);
    const int64_t ofB = sizeFromEnd(*b, axis);
    if (ofA != ofB && ofA != 1 && ofB != 1) {
      invalidArgument("%s: a is %s and b %s; their leading axes do not broadcast", kName,
                      describe(*a).c_str(), describe(*b).c_str());
    }
    const int64_t size = ofA == 1 ? ofB : ofA;
    fits = fits && sizeFromEnd(*output, axis) == size;
    if (size == 1) continue;
    const int32_t at = args.batchAxes++;
    args.batchSize[at] = size;
    args.aBatch[at] = strideFromEnd(*a, axis);
    args.bBatch[at] = strideFromEnd(*b, axis);
    args.cBatch[at] = args.c != nullptr ? strideFromEnd(*c, axis) : 0;
  }
  if (!fits) {
    invalidArgument("%s: output is %s, which is not what a, %s%s, and b, %s%s, give", kName,
                    describe(*output).c_str(), describe(*a).c_str(),
                    params->transpose_a ? " transposed" : "", describe(*b).c_str(),
                    params->transpose_b ? " transposed" : "");
  }
  args.a = a->data;
  args.output = output->data;
  args.threads = context.arena->threads();
  args.device = context.deviceIndex;
  countAsRows(args);
  return args;
}

/** Memory for packed values: as large as the plan says, or larger. */
void* packedData(const MatmulArgs& args, const vk_plan* plan, const vk_view* packed) {
  requireDense(kName, "packed", packed, args.type);
  const int64_t bytes = elementCount(*packed) * elementSize(packed->type);
  if (plan != nullptr && bytes < plan->packed_bytes) {
    invalidArgument("%s: packed is %s with %lld bytes, expected %lld", kName,
                    describe(*packed).c_str(), shown(bytes), shown(plan->packed_bytes));
  }
  return packed->data;
}

Refusal cpuAccepts(const MatmulArgs& args) {
  return args.type == VK_F32 ? Refusal() : "takes f32 only";
}

}  // namespace

Implementations<MatmulArgs> matmulImplementations() {
  using Host = HostImplementations<MatmulArgs>;
  static const ImplementationList<MatmulArgs> table = [] {
    ImplementationList<MatmulArgs> rows;
    for (const int64_t parts : {1, 2}) {
      rows.add(amxRow(kMatmulAmxNames[parts - 1], matmulAmxImplementation(parts)));
    }
    rows.addLast(Host(matmulCpuTable, cpuAccepts, matmulCpuWorkspaceBytes, matmulReference)
                     .withPacking(matmulPackedBytes, matmulPackCpuTable, matmulPackReference));
    return rows;
  }();
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_matmul_plan(vk_context* context, const vk_view* a, const vk_view* b, const vk_view* c,
                         const vk_matmul_params* params, const vk_view* output, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::matmulImplementations(),
               vk::checked(*context, a, b, c, params, output), plan);
  });
}

vk_status vk_matmul_pack(vk_context* context, const vk_plan* plan, const vk_view* b,
                         const vk_matmul_params* params, const vk_view* packed) {
  return vk::guarded(context, [&] {
    vk::MatmulArgs args = vk::ofParams(params);
    vk::requireMatrix("b", b);
    vk::readB(args, *b, *params);
    args.packed = vk::packedData(args, plan, packed);
    vk::pack(*context, vk::kName, vk::matmulImplementations(), args, plan);
  });
}

vk_status vk_matmul(vk_context* context, const vk_plan* plan, const vk_view* a, const vk_view* b,
                    const vk_view* packed, const vk_view* c, const vk_matmul_params* params,
                    const vk_view* workspace, const vk_view* output) {
  return vk::guarded(context, [&] {
    vk::MatmulArgs args = vk::checked(*context, a, b, c, params, output);
    if (vk::present(packed)) args.packed = vk::packedData(args, plan, packed);
    vk::run(*context, vk::kName, vk::matmulImplementations(), args, plan, workspace);
  });
}

}  // extern "C"
