// Whether cuDNN is taken, and why not: as a program sees it that uses the library. Each question is
// asked in a process of its own, since the answer is kept. choice_test FOLDER, where the stand-in
// and the emulator lie.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>

#include "voxkern.h"

namespace {

int failures = 0;

void ask(const char* name, const std::function<bool()>& question) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    const bool right = question();
    std::fflush(nullptr);
    std::_Exit(right ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  const bool right = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  std::printf("%s %s\n", right ? "ok" : "FAILED", name);
  if (!right) ++failures;
}

bool reports(int32_t version, const char* text) {
  vk_cudnn_report report{};
  if (vk_cudnn_describe(VK_BACKEND_CUDA_EMULATED, &report) != VK_OK) {
    std::printf("  %s\n", vk_last_error());
    return false;
  }
  std::printf("  %d: %s\n", report.version, report.text);
  return report.version == version && std::strstr(report.text, text) != nullptr;
}

struct Layer {
  int64_t size;
  int64_t in;
  int64_t out;
  double accuracy = 0;
  vk_activation activation = VK_ACTIVATION_NONE;
  vk_element_type type = VK_F32;
};

vk_view tensor(vk_context* context, const Layer& layer, const int64_t (&sizes)[5]) {
  vk_view view{};
  view.device = VK_DEVICE_CUDA;
  view.type = layer.type;
  view.rank = 5;
  int64_t elements = 1;
  for (int axis = 4; axis >= 0; --axis) {
    view.sizes[axis] = sizes[axis];
    view.strides[axis] = elements;
    elements *= sizes[axis];
  }
  vk_allocate(context, elements * (layer.type == VK_F64 ? 8 : 4), &view.data);
  return view;
}

enum Part { kForward, kInput, kWeights };

/** Whether the plan of a convolution of 3 x 3 x 3 takes the first row, which is cuDNN's. */
bool takes(Part part, const Layer& layer) {
  vk_context_options options{};
  options.struct_size = sizeof options;
  options.backend = VK_BACKEND_CUDA_EMULATED;
  vk_context* context = nullptr;
  if (vk_context_create(&options, &context) != VK_OK) {
    std::printf("  %s\n", vk_last_error());
    std::_Exit(2);
  }
  vk_conv3d_params params{};
  params.struct_size = sizeof params;
  params.activation = layer.activation;
  params.negative_slope = 0.1;
  params.groups = 1;
  params.accuracy = layer.accuracy;
  for (int axis = 0; axis < 3; ++axis) {
    params.kernel[axis] = 3;
    params.stride[axis] = params.dilation[axis] = 1;
    params.padding_begin[axis] = params.padding_end[axis] = 1;
  }
  const vk_view in = tensor(context, layer, {1, layer.in, layer.size, layer.size, layer.size});
  const vk_view out = tensor(context, layer, {1, layer.out, layer.size, layer.size, layer.size});
  const vk_view weights = tensor(context, layer, {layer.out, layer.in, 3, 3, 3});
  const vk_view none{};
  vk_plan plan{};
  const vk_status status =
      part == kForward ? vk_conv3d_plan(context, &in, &none, &none, &params, &out, &plan)
      : part == kInput
          ? vk_conv3d_gradient_input_plan(context, &out, &params, &in, &plan)
          : vk_conv3d_gradient_weights_plan(context, &out, &in, &params, &weights, &none, &plan);
  if (status != VK_OK) {
    std::printf("  %s\n", vk_last_error());
    std::_Exit(2);
  }
  vk_context_destroy(context);
  return plan.implementation == 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) return 2;
  const std::string folder = arguments[1];
  const std::string library = folder + "/libcudnn_stand_in.so";
  const std::string incomplete = folder + "/libcudnn_incomplete.so";
  const auto use = [](const std::string& path) { setenv("VOXKERN_CUDNN", path.c_str(), 1); };
  use(library);

  ask("there is one", [] { return reports(92500, "libcudnn_stand_in.so"); });
  ask("version 8", [] {
    setenv("VOXKERN_CUDNN_VERSION", "8907", 1);
    return reports(8907, "libcudnn_stand_in.so");
  });
  ask("an old version", [] {
    setenv("VOXKERN_CUDNN_VERSION", "7605", 1);
    return reports(0, "is version 7.6.5, and this takes 8 and 9") && !takes(kForward, {16, 32, 32});
  });
  ask("a newer version", [] {
    setenv("VOXKERN_CUDNN_VERSION", "100102", 1);
    return reports(0, "is version 10.1.2, and this takes 8 and 9");
  });
  ask("a function is missing", [&] {
    use(incomplete);
    return reports(0, "libcudnn_incomplete.so lacks cudnnGetErrorString") &&
           !takes(kForward, {16, 32, 32});
  });
  ask("no library", [&] {
    use("/nowhere/libcudnn.so.9");
    return reports(0, "/nowhere/libcudnn.so.9: cannot open") && !takes(kForward, {16, 32, 32});
  });
  ask("switched off", [&] {
    use("off");
    return reports(0, "switched off") && !takes(kForward, {16, 32, 32});
  });
  ask("nobody said where", [] {
    unsetenv("VOXKERN_CUDNN");
    return reports(0, "nobody said where it lies");
  });
  ask("no driver", [] {
    setenv("VOXKERN_EMULATOR_DRIVER", "0", 1);
    return reports(0, "there is no CUDA device");
  });
  ask("configured", [&] {
    use("off");
    return vk_cudnn_configure(VK_BACKEND_CUDA_EMULATED, library.c_str(), VK_CUDNN_BY_MODEL) ==
               VK_OK &&
           reports(92500, "libcudnn_stand_in.so") &&
           vk_cudnn_configure(VK_BACKEND_CUDA_EMULATED, "", VK_CUDNN_NEVER) == VK_INVALID_ARGUMENT;
  });

  ask("32 to 32 channels", [] { return takes(kForward, {16, 32, 32}); });
  ask("their gradients", [] {
    return takes(kInput, {16, 32, 32}) && takes(kWeights, {16, 32, 32});
  });
  ask("few channels are not", [] {
    return !takes(kForward, {16, 1, 32}) && !takes(kForward, {16, 32, 3});
  });
  ask("bfloat16 is not", [] { return !takes(kForward, {16, 32, 32, 1e-2}); });
  ask("tf32 is", [] { return takes(kForward, {16, 32, 32, 1e-3}); });
  ask("f64 is not", [] { return !takes(kForward, {16, 32, 32, 0, VK_ACTIVATION_NONE, VK_F64}); });
  ask("leaky ReLU is not", [] {
    return !takes(kForward, {16, 32, 32, 0, VK_ACTIVATION_LEAKY_RELU});
  });
  ask("an error that long sums do not keep is not", [] {
    return !takes(kForward, {16, 32, 32, 1e-7}) && !takes(kWeights, {80, 9, 9});
  });
  std::printf("%d failed\n", failures);
  return failures > 0 ? 1 : 0;
}
