// Seeded numbers that are the same in C++ and in Java (org.voxkern.testing.SplitMix64), so that a
// case line means the same inputs in the native runner and in JUnit.
#pragma once

#include <cstdint>
#include <string>

namespace vk::cases {

/** SplitMix64 (Steele, Lea, Flood 2014, public domain algorithm). */
class SplitMix64 {
 public:
  /** One stream for each name, so that adding an input to a case leaves the others as they were. */
  SplitMix64(uint64_t seed, const std::string& name) : state_(seed * kGolden ^ hashOf(name)) {}

  uint64_t next() {
    state_ += kGolden;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

  /** In [0, 1), 53 bits. */
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /** In [0, bound). */
  int64_t below(int64_t bound) {
    return static_cast<int64_t>(uniform() * static_cast<double>(bound));
  }

 private:
  static constexpr uint64_t kGolden = 0x9E3779B97F4A7C15u;

  /** FNV-1a over the bytes of the name. */
  static uint64_t hashOf(const std::string& name) {
    uint64_t hash = 0xCBF29CE484222325u;
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
    return hash;
  }

  uint64_t state_;
};

}  // namespace vk::cases
