#include "ssd/ssd.h"

namespace vk {
namespace {

template <class T>
void ssd(const SsdArgs& args) {
  const T* fixed = static_cast<const T*>(args.fixed);
  const T* warped = static_cast<const T*>(args.warped);
  T* gradient = static_cast<T*>(args.gradient);
  double sum = 0;
  int64_t counted = 0;
  for (int64_t i = 0; i < args.count; ++i) {
    if (args.mask != nullptr && args.mask[i] == 0) continue;
    const double difference = double(warped[i]) - double(fixed[i]);
    sum += difference * difference;
    ++counted;
  }
  *args.value = counted > 0 ? sum / double(counted) : 0;
  if (gradient == nullptr) return;
  for (int64_t i = 0; i < args.count; ++i) {
    const bool counts = args.mask == nullptr || args.mask[i] != 0;
    gradient[i] = counts ? T(2 * (double(warped[i]) - double(fixed[i])) / double(counted)) : T(0);
  }
}

}  // namespace

void ssdReference(const SsdArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    ssd<double>(args);
  } else {
    ssd<float>(args);
  }
}

}  // namespace vk
