#include <cmath>

#include "cases/case.h"
#include "voxkern/sampling.h"

namespace vk::cases {
namespace {

/** What the operations take, from one case line. A shape of depth 0 is flat: (N, C, H, W). */
struct Sampling {
  Case& test;
  vk_grid_sample_params params{};
  Sizes image, gridSizes, sampled;
  double reach;

  explicit Sampling(Case& aTest) : test(aTest) {
    const CaseLine& line = test.line();
    const bool flat = line.flag("flat", false);
    Sizes shape = line.sizes("shape");
    Sizes out = line.sizes("out", line.word("shape", ""));
    if (flat) {
      shape.erase(shape.begin());
      out.erase(out.begin());
    }
    const int64_t batch = line.integer("n", 1);
    image = {batch, line.integer("channels", 1)};
    sampled = image;
    gridSizes = {batch};
    image.insert(image.end(), shape.begin(), shape.end());
    sampled.insert(sampled.end(), out.begin(), out.end());
    gridSizes.insert(gridSizes.end(), out.begin(), out.end());
    gridSizes.push_back(int64_t(shape.size()));
    params.struct_size = sizeof params;
    const std::string mode = line.word("mode", "linear");
    params.mode = mode == "nearest"  ? VK_SAMPLING_NEAREST
                  : mode == "linear" ? VK_SAMPLING_LINEAR
                  : mode == "cubic"  ? VK_SAMPLING_CUBIC
                                     : static_cast<vk_sampling_mode>(9);
    const std::string padding = line.word("padding", "zeros");
    params.padding = padding == "zeros"    ? VK_SAMPLING_ZEROS
                     : padding == "border" ? VK_SAMPLING_BORDER
                                           : VK_SAMPLING_REFLECTION;
    params.align_corners = line.flag("align", false) ? 1 : 0;
    reach = line.number("reach", 1.3);
  }

  Buffer& grid() {
    Buffer& buffer = test.uniform("grid", gridSizes, -reach, reach);
    const std::string word = test.line().word("grid", "random");
    const int64_t axes = gridSizes.back();
    for (int64_t i = 0; i < buffer.count(); ++i) {
      if (word == "nan" && i % 7 == 0) buffer.set(i, std::nan(""));
      if (word == "inf" && i % 7 == 0) buffer.set(i, i % 2 == 0 ? INFINITY : -INFINITY);
      if (word == "voxels") buffer.set(i, voxelCentre(i, axes));
      if (word == "cells") buffer.set(i, awayFromFaces(buffer.get(i), i % axes));
      if (word == "bent" || word == "torn") buffer.set(i, bent(i, axes));
    }
    return buffer;
  }

  /** The grid over the input, stretched by `reach`, and moved by up to `bend` voxels; torn: but for
   * one position, in the middle of a row that is neither the first nor the last. */
  double bent(int64_t i, int64_t axes) const {
    int64_t at[3] = {0, 0, 0};
    int64_t position = i / axes;
    for (int64_t r = 0; r < axes; ++r) {
      const int64_t count = sampled[sampled.size() - 1 - size_t(r)];
      at[r] = position % count;
      position /= count;
    }
    const int64_t r = i % axes;
    const bool middle = at[0] == sampled.back() / 2 && at[1] == 4 && at[2] == sampled[2] / 2;
    if (middle && test.line().word("grid", "") == "torn") return 0.97 - 0.5 * double(r);
    const double count = double(sampled[sampled.size() - 1 - size_t(r)]);
    const double wave =
        std::sin(0.2 * double(at[(r + 1) % axes]) + 0.1 * double(at[(r + 2) % axes]));
    return reach * (2 * (double(at[r]) + 0.5) / count - 1) +
           2 * test.line().number("bend", 2) / double(size(r)) * wave;
  }

  int64_t size(int64_t axis) const { return image[image.size() - 1 - size_t(axis)]; }

  /** Exactly representable where align_corners and size - 1 is a power of two. */
  double voxelCentre(int64_t i, int64_t axes) const {
    int64_t position = i / axes;
    for (int64_t r = 0; r < i % axes; ++r) position /= sampled[sampled.size() - 1 - size_t(r)];
    const int64_t count = sampled[sampled.size() - 1 - size_t(i % axes)];
    return 2 * double(position % count) / double(size(i % axes) - 1) - 1;
  }

  /** Moves a coordinate to where differences see no jump of the slope: the middle half of a cell,
   * of half a voxel so that mirrors at faces are avoided too. */
  double awayFromFaces(double coordinate, int64_t axis) const {
    const double half = 0.5;
    const double scale =
        params.align_corners != 0 ? 0.5 * double(size(axis) - 1) : 0.5 * double(size(axis));
    if (scale == 0) return coordinate;
    const double p = coordinate * scale + 0.5 * double(size(axis) - 1);
    const double cell = std::floor(p / half);
    const double moved = (cell + 0.25 + 0.5 * (p / half - cell)) * half;
    return (moved - 0.5 * double(size(axis) - 1)) / scale;
  }

  /** The samples times `upstream`. */
  double loss(const Buffer& input, const Buffer& grid, const Buffer& upstream) {
    const Buffer& output =
        test.reference([&](Call& call) {
              const vk_view* view = call.output("output", test.type(), sampled, {});
              vk_plan plan{};
              call.ok(vk_grid_sample_plan(call.context(), input.view(), grid.view(), &params, view,
                                          &plan));
              call.ok(vk_grid_sample(call.context(), &plan, input.view(), grid.view(), &params,
                                     call.workspace(plan), view));
            })
            .result("output");
    double sum = 0;
    for (int64_t i = 0; i < output.count(); ++i) sum += output.get(i) * upstream.get(i);
    return sum;
  }

  /** An f32 position is off by half a unit in the last place; `steps` is how much of the largest a
   * voxel's step may be. */
  Bound bound(double steps) const {
    double largest = 0;
    for (int64_t r = 0; r < gridSizes.back(); ++r) largest = std::fmax(largest, double(size(r)));
    const bool jumps = params.mode == VK_SAMPLING_NEAREST;
    return {.ofLargest = 2e-6 + steps * (std::fabs(reach) + 1) * largest * 6e-8,
            .outliers = jumps ? 0.01 : 0};
  }
};

}  // namespace

void grid_sampleCase(Case& test) {
  Sampling sampling(test);
  const bool exact = test.line().flag("exact", false);
  Buffer& input = test.uniform("input", sampling.image, -100, 100);
  Buffer& grid = sampling.grid();
  test.spoil(input);
  const Run forward = [&](Call& call) {
    const vk_view* output =
        call.output("output", test.type(), sampling.sampled, exact ? Bound{} : sampling.bound(6));
    vk_plan plan{};
    call.ok(vk_grid_sample_plan(call.context(), input.view(), grid.view(), &sampling.params, output,
                                &plan));
    call.ok(vk_grid_sample(call.context(), &plan, input.view(), grid.view(), &sampling.params,
                           call.workspace(plan), output));
  };
  test.run(forward);
  if (exact) {
    const Buffer& output = test.reference(forward).result("output");
    for (int64_t i = 0; i < output.count(); ++i) {
      const bool same =
          output.get(i) == input.get(i) || (std::isnan(output.get(i)) && std::isnan(input.get(i)));
      test.expect(same, "element %lld: %g, expected %g", static_cast<long long>(i), output.get(i),
                  input.get(i));
    }
  }
}

void grid_sample_gradient_inputCase(Case& test) {
  Sampling sampling(test);
  Buffer& grid = sampling.grid();
  Buffer& upstream = test.uniform("upstream", sampling.sampled, -1, 1);
  test.spoil(upstream);
  const Run adjoint = [&](Call& call) {
    const vk_view* gradient =
        call.output("gradient", test.type(), sampling.image, sampling.bound(3));
    vk_plan plan{};
    call.ok(vk_grid_sample_gradient_input_plan(call.context(), grid.view(), upstream.view(),
                                               &sampling.params, gradient, &plan));
    call.ok(vk_grid_sample_gradient_input(call.context(), &plan, grid.view(), upstream.view(),
                                          &sampling.params, call.workspace(plan), gradient));
  };
  test.run(adjoint);
  if (test.line().has("hostile") || test.line().has("expect")) return;
  Buffer& input = test.uniform("input", sampling.image, -1, 1);
  const Run forward = [&](Call& call) {
    const vk_view* output = call.output("output", test.type(), sampling.sampled, {});
    vk_plan plan{};
    call.ok(vk_grid_sample_plan(call.context(), input.view(), grid.view(), &sampling.params, output,
                                &plan));
    call.ok(vk_grid_sample(call.context(), &plan, input.view(), grid.view(), &sampling.params,
                           call.workspace(plan), output));
  };
  test.checkAdjoint(test.reference(forward).result("output"), upstream, input,
                    test.reference(adjoint).result("gradient"));
}

void grid_sample_gradientsCase(Case& test) {
  Sampling sampling(test);
  Buffer& input = test.uniform("input", sampling.image, -1, 1);
  Buffer& grid = sampling.grid();
  Buffer& upstream = test.uniform("upstream", sampling.sampled, -1, 1);
  const Run operation = [&](Call& call) {
    Bound bound = sampling.bound(6);
    // A rounded position may lie in the next cell, where the slope is another.
    bound.outliers = 0.01;
    const vk_view* ofInput =
        call.output("gradientInput", test.type(), sampling.image, sampling.bound(3));
    const vk_view* ofGrid = call.output("gradientGrid", test.type(), sampling.gridSizes, bound);
    vk_plan plan{};
    call.ok(vk_grid_sample_gradients_plan(call.context(), input.view(), grid.view(),
                                          upstream.view(), &sampling.params, ofInput, ofGrid,
                                          &plan));
    call.ok(vk_grid_sample_gradients(call.context(), &plan, input.view(), grid.view(),
                                     upstream.view(), &sampling.params, call.workspace(plan),
                                     ofInput, ofGrid));
  };
  test.run(operation);
  if (!test.line().flag("differences", false)) return;
  const auto loss = [&] { return sampling.loss(input, grid, upstream); };
  test.checkGradient("dL/dgrid", grid, test.reference(operation).result("gradientGrid"), loss);
  test.checkGradient("dL/dinput", input, test.reference(operation).result("gradientInput"), loss);
}

void grid_sample_gradient_gridCase(Case& test) {
  Sampling sampling(test);
  Buffer& input = test.uniform("input", sampling.image, -1, 1);
  Buffer& grid = sampling.grid();
  Buffer& upstream = test.uniform("upstream", sampling.sampled, -1, 1);
  test.spoil(upstream);
  const Run operation = [&](Call& call) {
    Bound bound = sampling.bound(6);
    // A rounded position may lie in the next cell, where the slope is another.
    bound.outliers = 0.01;
    const vk_view* gradient = call.output("gradient", test.type(), sampling.gridSizes, bound);
    vk_plan plan{};
    call.ok(vk_grid_sample_gradient_grid_plan(call.context(), input.view(), grid.view(),
                                              upstream.view(), &sampling.params, gradient, &plan));
    call.ok(vk_grid_sample_gradient_grid(call.context(), &plan, input.view(), grid.view(),
                                         upstream.view(), &sampling.params, call.workspace(plan),
                                         gradient));
  };
  test.run(operation);
  if (!test.line().flag("differences", false)) return;
  test.checkGradient("dL/dgrid", grid, test.reference(operation).result("gradient"),
                     [&] { return sampling.loss(input, grid, upstream); });
}

}  // namespace vk::cases
