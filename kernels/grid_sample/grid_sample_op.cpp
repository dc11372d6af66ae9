#include "grid_sample/grid_sample.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr int64_t kLargestAxis = int64_t{1} << 22;

GridSampleArgs checkedParams(const char* name, const vk_grid_sample_params* params) {
  if (params == nullptr) invalidArgument("%s: the parameters are missing", name);
  if (params->struct_size != sizeof(vk_grid_sample_params)) {
    invalidArgument("%s: the parameters have %u bytes, expected %zu", name, params->struct_size,
                    sizeof(vk_grid_sample_params));
  }
  if (params->mode < VK_SAMPLING_NEAREST || params->mode > VK_SAMPLING_CUBIC) {
    invalidArgument("%s: unknown mode %d", name, static_cast<int>(params->mode));
  }
  if (params->padding < VK_SAMPLING_ZEROS || params->padding > VK_SAMPLING_REFLECTION) {
    invalidArgument("%s: unknown padding %d", name, static_cast<int>(params->padding));
  }
  GridSampleArgs args{};
  args.mode = params->mode;
  args.padding = params->padding;
  args.alignCorners = params->align_corners != 0;
  return args;
}

/** input, or dL/dinput, says the size; it may be empty only where nothing is sampled. */
void checkImage(const char* name, const char* what, const vk_view* image, GridSampleArgs* args) {
  requireDenseFloat(name, what, image);
  if (image->rank != 4 && image->rank != 5) {
    invalidArgument("%s: %s is %s, expected (N, C, H, W) or (N, C, D, H, W)", name, what,
                    describe(*image).c_str());
  }
  args->type = image->type;
  args->axes = image->rank - 2;
  args->batch = image->sizes[0];
  args->channels = image->sizes[1];
  for (int32_t r = 0; r < 3; ++r) {
    args->size[r] = r < args->axes ? image->sizes[image->rank - 1 - r] : 1;
    if (args->size[r] < 1) {
      invalidArgument("%s: %s is empty: %s", name, what, describe(*image).c_str());
    }
  }
}

void checkGrid(const char* name, const char* what, const vk_view* grid, const char* whatImage,
               const vk_view& image, GridSampleArgs* args) {
  requireDense(name, what, grid, args->type);
  if (grid->rank != image.rank || grid->sizes[0] != args->batch ||
      grid->sizes[grid->rank - 1] != args->axes) {
    invalidArgument("%s: %s is %s but %s is %s: expected (%lld%s, %d)", name, what,
                    describe(*grid).c_str(), whatImage, describe(image).c_str(),
                    static_cast<long long>(args->batch),
                    args->axes == 3 ? ", D', H', W'" : ", H', W'", args->axes);
  }
  for (int32_t r = 0; r < 3; ++r) {
    args->gridSize[r] = r < args->axes ? grid->sizes[grid->rank - 2 - r] : 1;
  }
  args->grid = grid->data;
}

/** output or dL/doutput: the grid's positions for every channel. */
void checkSampled(const char* name, const char* what, const vk_view* sampled, const vk_view& grid,
                  const GridSampleArgs& args) {
  requireDense(name, what, sampled, args.type);
  bool fits = sampled->rank == grid.rank && sampled->sizes[0] == args.batch &&
              sampled->sizes[1] == args.channels;
  for (int32_t k = 2; fits && k < grid.rank; ++k) fits = sampled->sizes[k] == grid.sizes[k - 1];
  if (!fits) {
    invalidArgument("%s: %s is %s but grid is %s and there are %lld channels", name, what,
                    describe(*sampled).c_str(), describe(grid).c_str(),
                    static_cast<long long>(args.channels));
  }
}

GridSampleArgs forwardArgs(const vk_view* input, const vk_view* grid,
                           const vk_grid_sample_params* params, const vk_view* output) {
  constexpr const char* kName = "grid_sample";
  GridSampleArgs args = checkedParams(kName, params);
  checkImage(kName, "input", input, &args);
  checkGrid(kName, "grid", grid, "input", *input, &args);
  checkSampled(kName, "output", output, *grid, args);
  args.input = input->data;
  args.output = output->data;
  return args;
}

GridSampleArgs gradientInputArgs(const Context& context, const vk_view* grid,
                                 const vk_view* upstream, const vk_grid_sample_params* params,
                                 const vk_view* gradient) {
  constexpr const char* kName = "grid_sample_gradient_input";
  GridSampleArgs args = checkedParams(kName, params);
  args.threads = vk_context_threads(&context);
  checkImage(kName, "gradient", gradient, &args);
  checkGrid(kName, "grid", grid, "gradient", *gradient, &args);
  checkSampled(kName, "upstream", upstream, *grid, args);
  args.upstream = upstream->data;
  args.gradient = gradient->data;
  return args;
}

GridSampleArgs gradientGridArgs(const vk_view* input, const vk_view* grid, const vk_view* upstream,
                                const vk_grid_sample_params* params, const vk_view* gradient) {
  constexpr const char* kName = "grid_sample_gradient_grid";
  GridSampleArgs args = checkedParams(kName, params);
  checkImage(kName, "input", input, &args);
  checkGrid(kName, "grid", grid, "input", *input, &args);
  checkSampled(kName, "upstream", upstream, *grid, args);
  requireDense(kName, "gradient", gradient, args.type);
  requireSameSizes(kName, "gradient", *gradient, "grid", *grid);
  args.input = input->data;
  args.upstream = upstream->data;
  args.gradient = gradient->data;
  return args;
}

GridSampleArgs gradientsArgs(const Context& context, const vk_view* input, const vk_view* grid,
                             const vk_view* upstream, const vk_grid_sample_params* params,
                             const vk_view* gradientInput, const vk_view* gradientGrid) {
  constexpr const char* kName = "grid_sample_gradients";
  GridSampleArgs args = checkedParams(kName, params);
  args.threads = vk_context_threads(&context);
  checkImage(kName, "input", input, &args);
  checkGrid(kName, "grid", grid, "input", *input, &args);
  checkSampled(kName, "upstream", upstream, *grid, args);
  requireDense(kName, "gradient_input", gradientInput, args.type);
  requireSameSizes(kName, "gradient_input", *gradientInput, "input", *input);
  requireDense(kName, "gradient_grid", gradientGrid, args.type);
  requireSameSizes(kName, "gradient_grid", *gradientGrid, "grid", *grid);
  args.input = input->data;
  args.upstream = upstream->data;
  args.gradient = gradientInput->data;
  args.gradientGrid = gradientGrid->data;
  return args;
}

Refusal cpuAccepts(const GridSampleArgs& args) {
  if (args.type != VK_F32) return "takes f32 only";
  for (int64_t size : args.size) {
    if (size > kLargestAxis) return "takes at most 4194304 voxels along an axis";
  }
  return {};
}

}  // namespace

Implementations<GridSampleArgs> grid_sampleImplementations() {
  static const HostImplementations<GridSampleArgs> table(gridSampleCpuTable, cpuAccepts, nullptr,
                                                         gridSampleReference);
  return table;
}

Implementations<GridSampleArgs> grid_sample_gradient_inputImplementations() {
  static const HostImplementations<GridSampleArgs> table(
      gridSampleGradientInputCpuTable, cpuAccepts, gridSampleGradientInputWorkspaceBytes,
      gridSampleGradientInputReference);
  return table;
}

Implementations<GridSampleArgs> grid_sample_gradient_gridImplementations() {
  static const HostImplementations<GridSampleArgs> table(gridSampleGradientGridCpuTable, cpuAccepts,
                                                         nullptr, gridSampleGradientGridReference);
  return table;
}

Implementations<GridSampleArgs> grid_sample_gradientsImplementations() {
  static const HostImplementations<GridSampleArgs> table(gridSampleGradientsCpuTable, cpuAccepts,
                                                         gridSampleGradientInputWorkspaceBytes,
                                                         gridSampleGradientsReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_grid_sample_plan(vk_context* context, const vk_view* input, const vk_view* grid,
                              const vk_grid_sample_params* params, const vk_view* output,
                              vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, "grid_sample", vk::grid_sampleImplementations(),
               vk::forwardArgs(input, grid, params, output), plan);
  });
}

vk_status vk_grid_sample(vk_context* context, const vk_plan* plan, const vk_view* input,
                         const vk_view* grid, const vk_grid_sample_params* params,
                         const vk_view* workspace, const vk_view* output) {
  return vk::guarded(context, [&] {
    vk::run(*context, "grid_sample", vk::grid_sampleImplementations(),
            vk::forwardArgs(input, grid, params, output), plan, workspace);
  });
}

vk_status vk_grid_sample_gradient_input_plan(vk_context* context, const vk_view* grid,
                                             const vk_view* upstream,
                                             const vk_grid_sample_params* params,
                                             const vk_view* gradient, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, "grid_sample_gradient_input",
               vk::grid_sample_gradient_inputImplementations(),
               vk::gradientInputArgs(*context, grid, upstream, params, gradient), plan);
  });
}

vk_status vk_grid_sample_gradient_input(vk_context* context, const vk_plan* plan,
                                        const vk_view* grid, const vk_view* upstream,
                                        const vk_grid_sample_params* params,
                                        const vk_view* workspace, const vk_view* gradient) {
  return vk::guarded(context, [&] {
    vk::run(*context, "grid_sample_gradient_input", vk::grid_sample_gradient_inputImplementations(),
            vk::gradientInputArgs(*context, grid, upstream, params, gradient), plan, workspace);
  });
}

vk_status vk_grid_sample_gradient_grid_plan(vk_context* context, const vk_view* input,
                                            const vk_view* grid, const vk_view* upstream,
                                            const vk_grid_sample_params* params,
                                            const vk_view* gradient, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, "grid_sample_gradient_grid",
               vk::grid_sample_gradient_gridImplementations(),
               vk::gradientGridArgs(input, grid, upstream, params, gradient), plan);
  });
}

vk_status vk_grid_sample_gradient_grid(vk_context* context, const vk_plan* plan,
                                       const vk_view* input, const vk_view* grid,
                                       const vk_view* upstream, const vk_grid_sample_params* params,
                                       const vk_view* workspace, const vk_view* gradient) {
  return vk::guarded(context, [&] {
    vk::run(*context, "grid_sample_gradient_grid", vk::grid_sample_gradient_gridImplementations(),
            vk::gradientGridArgs(input, grid, upstream, params, gradient), plan, workspace);
  });
}

vk_status vk_grid_sample_gradients_plan(vk_context* context, const vk_view* input,
                                        const vk_view* grid, const vk_view* upstream,
                                        const vk_grid_sample_params* params,
                                        const vk_view* gradient_input, const vk_view* gradient_grid,
                                        vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(
        *context, "grid_sample_gradients", vk::grid_sample_gradientsImplementations(),
        vk::gradientsArgs(*context, input, grid, upstream, params, gradient_input, gradient_grid),
        plan);
  });
}

vk_status vk_grid_sample_gradients(vk_context* context, const vk_plan* plan, const vk_view* input,
                                   const vk_view* grid, const vk_view* upstream,
                                   const vk_grid_sample_params* params, const vk_view* workspace,
                                   const vk_view* gradient_input, const vk_view* gradient_grid) {
  return vk::guarded(context, [&] {
    vk::run(
        *context, "grid_sample_gradients", vk::grid_sample_gradientsImplementations(),
        vk::gradientsArgs(*context, input, grid, upstream, params, gradient_input, gradient_grid),
        plan, workspace);
  });
}

}  // extern "C"
