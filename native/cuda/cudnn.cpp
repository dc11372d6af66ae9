#include "cuda/cudnn.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <vector>

#include "core/device_cudnn.h"

namespace vk::cudnn {
namespace {

// Where one looks without being told: the emulator's memory is no device's, so not there.
#ifdef CUDART_VERSION
constexpr const char* kUsualNames[] = {"libcudnn.so.9", "libcudnn.so.8"};
#else
constexpr const char* kUsualNames[] = {nullptr};
#endif

struct Library {
  Functions functions;
  int32_t version = 0;
  std::string path;
  /** Why it is not used; empty where it is. */
  std::string reason;
};

struct Settings {
  std::string library;
  vk_cudnn_use use = VK_CUDNN_BY_MODEL;
};

/** Everything of the process, under one lock. */
struct State {
  std::recursive_mutex mutex;
  /** What was said by vk_cudnn_configure, before that by the environment. */
  Settings settings;
  std::unique_ptr<Library> library;
  std::map<const cuda::CudaDevice*, Handle> handles;
  /** Asks for algorithms on the first device. */
  Handle planner = nullptr;
  std::map<ChoiceKey, Choice> choices;

  State() {
    const char* const given = std::getenv("VOXKERN_CUDNN");
    if (given != nullptr) settings.library = given;
    if (settings.library == "off") settings = {"", VK_CUDNN_NEVER};
    const char* const wherever = std::getenv("VOXKERN_CUDNN_WHEREVER_POSSIBLE");
    if (wherever != nullptr && std::strcmp(wherever, "yes") == 0) {
      settings.use = VK_CUDNN_WHEREVER_POSSIBLE;
    }
  }
};

State& state() {
  // Never destroyed: at the end of a process the driver may be gone before.
  static State* const one = new State;
  return *one;
}

using Lock = std::lock_guard<std::recursive_mutex>;

/** "9.10.2" of 91002, "8.9.7" of 8907. */
std::string versionText(int64_t version) {
  const int64_t major = version < 10000 ? 1000 : 10000;
  return format("%d.%d.%d", int(version / major), int(version % major / 100), int(version % 100));
}

std::string openError() {
  const char* const error = dlerror();
  return error != nullptr ? error : "it could not be loaded";
}

/** Where the function lies that was found, not only by which name. */
std::string pathOf(void* function, const std::string& name) {
  Dl_info info{};
  return dladdr(function, &info) != 0 && info.dli_fname != nullptr ? info.dli_fname : name;
}

/** Null with the reason where there is none. */
void* open(const std::string& given, Library& library) {
  std::vector<std::string> names;
  if (!given.empty()) {
    names.push_back(given);
  } else {
    for (const char* name : kUsualNames) {
      if (name != nullptr) names.push_back(name);
    }
  }
  if (names.empty()) library.reason = "nobody said where it lies";
  for (const std::string& name : names) {
    void* const found = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (found != nullptr) {
      library.path = name;
      return found;
    }
    // Of the first name: the newest.
    if (library.reason.empty()) library.reason = openError();
  }
  return nullptr;
}

/** Why the devices of this machine cannot be planned for alike; empty where they can. */
std::string whyNotAlike() {
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) {
    cudaGetLastError();
    return "there is no CUDA device";
  }
  std::pair<int, int> first;
  for (int device = 0; device < devices; ++device) {
    std::pair<int, int> found;
    cuda::check(cudaDeviceGetAttribute(&found.first, cudaDevAttrComputeCapabilityMajor, device));
    cuda::check(cudaDeviceGetAttribute(&found.second, cudaDevAttrComputeCapabilityMinor, device));
    if (device == 0) first = found;
    if (found != first) return "the devices of this machine are not of one compute capability";
  }
  return {};
}

void load(const Settings& settings, Library& library) {
  if (settings.use == VK_CUDNN_NEVER) {
    library.reason = "it is switched off";
    return;
  }
  void* const handle = open(settings.library, library);
  if (handle == nullptr) return;
  // The version first: an old library lacks functions as well.
  library.functions.GetVersion =
      reinterpret_cast<decltype(library.functions.GetVersion)>(dlsym(handle, "cudnnGetVersion"));
  if (library.functions.GetVersion == nullptr) {
    library.reason = library.path + " lacks cudnnGetVersion";
    return;
  }
  library.path = pathOf(reinterpret_cast<void*>(library.functions.GetVersion), library.path);
  const auto version = int64_t(library.functions.GetVersion());
  const int64_t major = version < 10000 ? version / 1000 : version / 10000;
  if (major < 8 || major > 9) {
    library.reason = format("%s is version %s, and this takes 8 and 9", library.path.c_str(),
                            versionText(version).c_str());
    return;
  }
#define VK_CUDNN_LOAD(name, Result, parameters)                                         \
  library.functions.name =                                                              \
      reinterpret_cast<decltype(library.functions.name)>(dlsym(handle, "cudnn" #name)); \
  if (library.functions.name == nullptr) {                                              \
    library.reason = library.path + " lacks cudnn" #name;                               \
    return;                                                                             \
  }
  VK_CUDNN_FUNCTIONS(VK_CUDNN_LOAD)
#undef VK_CUDNN_LOAD
  try {
    library.reason = whyNotAlike();
  } catch (const Error& error) {
    // Rows are refused by it, where nothing may be thrown.
    library.reason = error.message();
  }
  if (library.reason.empty()) library.version = int32_t(version);
}

/** Under the lock. */
Library& library() {
  State& all = state();
  if (all.library == nullptr) {
    all.library = std::make_unique<Library>();
    load(all.settings, *all.library);
  }
  return *all.library;
}

vk_status configure(const char* path, vk_cudnn_use use) {
  return guarded([&] {
    if (path == nullptr) invalidArgument("the path of cuDNN is missing");
    if (use < VK_CUDNN_BY_MODEL || use > VK_CUDNN_WHEREVER_POSSIBLE) {
      invalidArgument("unknown use of cuDNN %d", int(use));
    }
    const Lock lock(state().mutex);
    if (state().library != nullptr) {
      invalidArgument("cuDNN was looked for already");
    }
    state().settings = {path, use};
  });
}

vk_status describe(vk_cudnn_report* report) {
  return guarded([&] {
    const Lock lock(state().mutex);
    const Library& found = library();
    *report = {};
    report->version = found.version;
    std::snprintf(report->text, sizeof report->text, "%s",
                  found.version > 0 ? found.path.c_str() : found.reason.c_str());
  });
}

/** Goes back to the device that the calling thread had. */
class OnFirstDevice {
 public:
  OnFirstDevice() {
    cuda::check(cudaGetDevice(&device_));
    cuda::check(cudaSetDevice(0));
  }
  ~OnFirstDevice() { cudaSetDevice(device_); }

 private:
  int device_ = 0;
};

}  // namespace

Refusal missing() {
  const Lock lock(state().mutex);
  const Library& found = library();
  return found.version > 0 ? Refusal() : "no cuDNN: " + found.reason;
}

bool whereverPossible() {
  const Lock lock(state().mutex);
  return state().settings.use == VK_CUDNN_WHEREVER_POSSIBLE;
}

// Loaded before: nothing calls it without having asked `missing`, and it stays as it is.
const Functions& functions() { return state().library->functions; }

void check(Status status, const char* what) {
  if (status == kSuccess) return;
  const std::string text = format("%s: %s (%d)", what, functions().GetErrorString(status), status);
  // 8 has numbers of one digit, 9 has thousands by kind.
  if (status == 2 || status == 4003 || status == 4004) throw Error(VK_OUT_OF_MEMORY, text);
  if (status == 8 || status / 1000 == 5) throw Error(VK_DEVICE_FAULT, text);
  throw Error(VK_INTERNAL_ERROR, text);
}

Handle handleOf(Context& context) {
  const cuda::CudaDevice& device = cuda::deviceOf(context);
  const Lock lock(state().mutex);
  Handle& handle = state().handles[&device];
  if (handle == nullptr) {
    VK_CUDNN(Create, &handle);
    VK_CUDNN(SetStream, handle, device.stream());
  }
  return handle;
}

void forget(const cuda::CudaDevice& device) noexcept {
  const Lock lock(state().mutex);
  const auto found = state().handles.find(&device);
  if (found != state().handles.end()) {
    if (found->second != nullptr) functions().Destroy(found->second);
    state().handles.erase(found);
  }
  if (state().handles.empty() && state().planner != nullptr) {
    functions().Destroy(std::exchange(state().planner, nullptr));
  }
}

DataType typeOf(vk_element_type type) { return type == VK_F64 ? kDouble : kFloat; }

Refusal fits(const Sizes5& sizes) {
  int64_t elements = 1;
  for (const int64_t size : sizes) {
    if (size < 1) return "takes no empty tensors";
    if (size > INT32_MAX || elements > INT32_MAX / size) {
      return "takes tensors of less than 2^31 elements";
    }
    elements *= size;
  }
  return {};
}

OwnedTensor tensorOf(vk_element_type type, const Sizes5& sizes) {
  OwnedTensor tensor("cudnnCreateTensorDescriptor");
  int dims[5], strides[5];
  int64_t stride = 1;
  for (int axis = 4; axis >= 0; --axis) {
    dims[axis] = int(sizes[size_t(axis)]);
    strides[axis] = int(stride);
    stride *= sizes[size_t(axis)];
  }
  VK_CUDNN(SetTensorNdDescriptor, tensor, typeOf(type), 5, dims, strides);
  return tensor;
}

OwnedFilter filterOf(vk_element_type type, const Sizes5& sizes) {
  OwnedFilter filter("cudnnCreateFilterDescriptor");
  int dims[5];
  std::copy(sizes.begin(), sizes.end(), dims);
  VK_CUDNN(SetFilterNdDescriptor, filter, typeOf(type), kNchw, 5, dims);
  return filter;
}

Choice choose(const ChoiceKey& key, Choice (*ask)(Handle, const ChoiceKey&)) {
  const Lock lock(state().mutex);
  const auto found = state().choices.find(key);
  if (found != state().choices.end()) return found->second;
  Choice choice;
  try {
    const OnFirstDevice first;
    if (state().planner == nullptr) VK_CUDNN(Create, &state().planner);
    choice = ask(state().planner, key);
  } catch (const Error& error) {
    // Nothing may be thrown where a table is gone through; the next row is taken.
    choice.refusal = error.message();
  }
  return state().choices[key] = choice;
}

}  // namespace vk::cudnn

extern "C" VK_API const vk::CudnnPlugin* vk_device_cudnn() {
  static const vk::CudnnPlugin plugin{vk::cudnn::configure, vk::cudnn::describe};
  return &plugin;
}
