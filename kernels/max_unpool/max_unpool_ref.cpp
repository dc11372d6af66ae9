#include "max_unpool/max_unpool.h"

namespace vk {
namespace {

/** body(number of the pooled value, number of its place) for those that have one. */
template <class Body>
void eachPlace(const UnpoolArgs& args, const Body& body) {
  for (int64_t i = 0; i < args.volumes * args.pooled; ++i) {
    if (args.indices[i] >= 0) body(i, i / args.pooled * args.unpooled + args.indices[i]);
  }
}

template <class T>
void unpool(const MaxUnpoolArgs& args) {
  const T* const input = static_cast<const T*>(args.input);
  T* const output = static_cast<T*>(args.output);
  for (int64_t i = 0; i < args.volumes * args.unpooled; ++i) output[i] = 0;
  eachPlace(args, [&](int64_t i, int64_t place) { output[place] = input[i]; });
}

template <class T>
void gradient(const MaxUnpoolGradientArgs& args) {
  const T* const upstream = static_cast<const T*>(args.upstream);
  T* const gradient = static_cast<T*>(args.gradient);
  for (int64_t i = 0; i < args.volumes * args.pooled; ++i) gradient[i] = 0;
  eachPlace(args, [&](int64_t i, int64_t place) { gradient[i] = upstream[place]; });
}

}  // namespace

void maxUnpoolReference(const MaxUnpoolArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    unpool<double>(args);
  } else {
    unpool<float>(args);
  }
}

void maxUnpoolGradientReference(const MaxUnpoolGradientArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    gradient<double>(args);
  } else {
    gradient<float>(args);
  }
}

}  // namespace vk
