#include <cstring>

#include "matmul/matmul.h"

namespace vk {
namespace {

double activated(double x, const MatmulArgs& args) {
  if (args.activation == VK_ACTIVATION_NONE || !(x < 0)) return x;
  return args.activation == VK_ACTIVATION_RELU ? 0 : args.negativeSlope * x;
}

template <class T>
void matmul(const MatmulArgs& args) {
  const int64_t batches = matmulBatches(args);
  for (int64_t batch = 0; batch < batches; ++batch) {
    const MatmulOffsets offsets = matmulOffsets(args, batch);
    const T* a = static_cast<const T*>(args.a) + offsets.a;
    const T* b = static_cast<const T*>(args.packed != nullptr ? args.packed : args.b) + offsets.b;
    const T* c = args.c != nullptr ? static_cast<const T*>(args.c) + offsets.c : nullptr;
    T* output = static_cast<T*>(args.output) + offsets.output;
    for (int64_t row = 0; row < args.m; ++row) {
      for (int64_t column = 0; column < args.n; ++column) {
        double sum = 0;
        for (int64_t i = 0; i < args.k; ++i) {
          sum += double(a[row * args.aRow + i * args.aDepth]) *
                 double(b[i * args.bDepth + column * args.bColumn]);
        }
        sum *= args.alpha;
        if (c != nullptr) sum += args.beta * double(c[row * args.cRow + column * args.cColumn]);
        output[row * args.n + column] = T(activated(sum, args));
      }
    }
  }
}

}  // namespace

void matmulReference(const MatmulArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    matmul<double>(args);
  } else {
    matmul<float>(args);
  }
}

void matmulPackReference(const MatmulArgs& args, Context&, const Workspace&) {
  const int64_t bytes = args.bMatrices * args.k * args.n * elementSize(args.type);
  if (bytes > 0) std::memcpy(args.packed, args.b, static_cast<size_t>(bytes));
}

}  // namespace vk
