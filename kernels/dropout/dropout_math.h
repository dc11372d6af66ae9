// The random numbers: Philox 4x32 of ten rounds.
#pragma once

#include <cstdint>

#include "core/host_device.h"

namespace vk {

struct PhiloxBlock {
  uint32_t word[4];
};

VK_HD inline PhiloxBlock philox(uint64_t block, uint64_t sequence, uint64_t seed) {
  uint32_t c0 = uint32_t(block), c1 = uint32_t(block >> 32);
  uint32_t c2 = uint32_t(sequence), c3 = uint32_t(sequence >> 32);
  uint32_t key0 = uint32_t(seed), key1 = uint32_t(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xD2511F53u} * c0;
    const uint64_t b = uint64_t{0xCD9E8D57u} * c2;
    c0 = uint32_t(b >> 32) ^ c1 ^ key0;
    c1 = uint32_t(b);
    c2 = uint32_t(a >> 32) ^ c3 ^ key1;
    c3 = uint32_t(a);
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return {{c0, c1, c2, c3}};
}

}  // namespace vk
