#include "dropout/dropout.h"

namespace vk {
namespace {

struct Block {
  uint32_t word[4];
};

/** Philox 4x32 of ten rounds. */
Block philox(Block counter, uint32_t key0, uint32_t key1) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xD2511F53u} * counter.word[0];
    const uint64_t b = uint64_t{0xCD9E8D57u} * counter.word[2];
    counter = {{uint32_t(b >> 32) ^ counter.word[1] ^ key0, uint32_t(b),
                uint32_t(a >> 32) ^ counter.word[3] ^ key1, uint32_t(a)}};
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return counter;
}

uint32_t draw(const DropoutArgs& args, int64_t i) {
  const uint64_t block = static_cast<uint64_t>(i) / 4;
  const Block counter{{uint32_t(block), uint32_t(block >> 32), uint32_t(args.sequence),
                       uint32_t(args.sequence >> 32)}};
  return philox(counter, uint32_t(args.seed), uint32_t(args.seed >> 32)).word[i % 4];
}

template <class T>
void apply(const DropoutArgs& args) {
  for (int64_t i = 0; i < args.draws * args.length; ++i) {
    const double x = double(static_cast<const T*>(args.input)[i]);
    static_cast<T*>(args.output)[i] = T(args.mask[i / args.length] != 0 ? x * args.scale : 0);
  }
}

}  // namespace

void dropoutReference(const DropoutArgs& args, Context& context, const Workspace& workspace) {
  for (int64_t i = 0; i < args.draws; ++i) args.mask[i] = draw(args, i) >= args.threshold ? 1 : 0;
  dropoutGradientReference(args, context, workspace);
}

void dropoutGradientReference(const DropoutArgs& args, Context&, const Workspace&) {
  withFloats(args.type, [&](auto type) { apply<decltype(type)>(args); });
}

}  // namespace vk
