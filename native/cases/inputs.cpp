// The seeded inputs of a case.
#include <cmath>
#include <limits>

#include "cases/case.h"

namespace vk::cases {
namespace {

/** Quintic smoothstep: first and second derivatives vanish at 0 and 1. */
double smoothstep(double t) { return t * t * t * (t * (t * 6 - 15) + 10); }

double mix(double a, double b, double t) { return a + (b - a) * t; }

struct Lattice {
  int64_t cells;
  double cell;
  /** Lattice index below this voxel and the weight of the next one. */
  int64_t below(int64_t i) const {
    return static_cast<int64_t>(std::floor(static_cast<double>(i) / cell));
  }
  double weight(int64_t i) const {
    return smoothstep(static_cast<double>(i) / cell - static_cast<double>(below(i)));
  }
};

Lattice latticeOver(int64_t voxels, double cell) {
  return {static_cast<int64_t>(std::ceil(static_cast<double>(voxels) / cell)) + 2, cell};
}

}  // namespace

Buffer& Case::add(const std::string& name, vk_element_type type, const Sizes& sizes) {
  const int64_t alignment = line_.flag("aligned", false) ? 0 : sizeOf(type);
  return inputs_.emplace_back(name, type, sizes, alignment, 0);
}

Buffer& Case::input(const std::string& name, vk_element_type type, const Sizes& sizes) {
  Buffer& buffer = add(name, type, sizes);
  breakView(line_, buffer);
  return buffer;
}

Buffer& Case::uniform(const std::string& name, const Sizes& sizes, double low, double high) {
  Buffer& buffer = input(name, type_, sizes);
  SplitMix64 random(line_.seed(), name);
  for (int64_t i = 0; i < buffer.count(); ++i) buffer.set(i, random.uniform(low, high));
  return buffer;
}

Buffer& Case::integers(const std::string& name, const Sizes& sizes, int64_t low, int64_t high) {
  Buffer& buffer = input(name, type_, sizes);
  SplitMix64 random(line_.seed(), name);
  for (int64_t i = 0; i < buffer.count(); ++i) {
    buffer.set(i, static_cast<double>(low + random.below(high - low + 1)));
  }
  return buffer;
}

Buffer& Case::smooth(const std::string& name, const Sizes& sizes, double cell, double low,
                     double high) {
  Buffer& buffer = input(name, type_, sizes);
  if (buffer.count() == 0) return buffer;
  SplitMix64 random(line_.seed(), name);
  const size_t rank = sizes.size();
  const int64_t depth = rank > 2 ? sizes[rank - 3] : 1;
  const int64_t height = rank > 1 ? sizes[rank - 2] : 1;
  const int64_t width = sizes[rank - 1];
  const Lattice lz = latticeOver(depth, cell);
  const Lattice ly = latticeOver(height, cell);
  const Lattice lx = latticeOver(width, cell);
  int64_t element = 0;
  for (int64_t volume = 0; volume < buffer.count() / (depth * height * width); ++volume) {
    std::vector<double> nodes(static_cast<size_t>(lz.cells * ly.cells * lx.cells));
    for (double& node : nodes) node = random.uniform(low, high);
    const auto row = [&](int64_t z, int64_t y, int64_t x, double tx) {
      const double* const node = &nodes[static_cast<size_t>((z * ly.cells + y) * lx.cells + x)];
      return mix(node[0], node[1], tx);
    };
    for (int64_t z = 0; z < depth; ++z) {
      for (int64_t y = 0; y < height; ++y) {
        for (int64_t x = 0; x < width; ++x, ++element) {
          const int64_t cz = lz.below(z), cy = ly.below(y), cx = lx.below(x);
          const double tx = lx.weight(x), ty = ly.weight(y);
          const double front = mix(row(cz, cy, cx, tx), row(cz, cy + 1, cx, tx), ty);
          const double back = mix(row(cz + 1, cy, cx, tx), row(cz + 1, cy + 1, cx, tx), ty);
          buffer.set(element, mix(front, back, lz.weight(z)));
        }
      }
    }
  }
  return buffer;
}

Buffer& Case::mask(const std::string& name, const Sizes& sizes) {
  const std::string kind = line_.word(name, "none");
  if (kind == "none") return inputs_.emplace_back();
  Buffer& buffer = input(name, VK_U8, sizes);
  SplitMix64 random(line_.seed(), name);
  if (kind == "random") {
    // Values other than 1 count as well.
    for (int64_t i = 0; i < buffer.count(); ++i) {
      buffer.set(i, random.uniform() < 0.75 ? static_cast<double>(1 + random.below(255)) : 0);
    }
  } else if (kind == "all") {
    for (int64_t i = 0; i < buffer.count(); ++i) buffer.set(i, 1);
  } else if (kind == "single") {
    if (buffer.count() > 0) buffer.set(random.below(buffer.count()), 1);
  } else if (kind == "box") {
    // The middle half of every axis.
    for (int64_t i = 0; i < buffer.count(); ++i) {
      int64_t rest = i;
      bool inside = true;
      for (size_t axis = sizes.size(); axis-- > 0;) {
        const int64_t at = rest % sizes[axis];
        rest /= sizes[axis];
        inside = inside && at >= sizes[axis] / 4 && at < sizes[axis] - sizes[axis] / 4;
      }
      buffer.set(i, inside ? 1 : 0);
    }
  } else if (kind != "empty") {
    throw CaseFailed{name + "=" + kind + ": expected none, all, empty, single, box or random"};
  }
  return buffer;
}

std::vector<double> Case::affine(const std::string& name, const Sizes& sizes, double amount,
                                 double shift) const {
  SplitMix64 random(line_.seed(), name);
  std::vector<double> matrix(12);
  for (size_t row = 0; row < 3; ++row) {
    for (size_t column = 0; column < 3; ++column) {
      matrix[row * 4 + column] = (row == column ? 1 : 0) + random.uniform(-amount, amount);
    }
  }
  for (size_t row = 0; row < 3; ++row) {
    // Index-space points are x, y, z: the reverse of the sizes.
    double translation = random.uniform(-shift, shift);
    for (size_t column = 0; column < 3; ++column) {
      const double centre = 0.5 * static_cast<double>(sizes[2 - column] - 1);
      translation += ((row == column ? 1 : 0) - matrix[row * 4 + column]) * centre;
    }
    matrix[row * 4 + 3] = translation;
  }
  return matrix;
}

void Case::spoil(Buffer& input) {
  const std::string how = line_.word("hostile", "none");
  if (how == "none" || input.count() == 0) return;
  SplitMix64 random(line_.seed(), input.name() + ".hostile");
  if (how == "constant" || how == "zero") {
    const double value = how == "zero" ? 0 : input.get(0);
    for (int64_t i = 0; i < input.count(); ++i) input.set(i, value);
    return;
  }
  const double infinity = std::numeric_limits<double>::infinity();
  double value = 0;
  if (how == "nan") {
    value = std::numeric_limits<double>::quiet_NaN();
  } else if (how == "inf") {
    value = infinity;
  } else if (how == "huge") {
    value = 1e30;
  } else {
    throw CaseFailed{"hostile=" + how + ": expected none, nan, inf, huge, constant or zero"};
  }
  const int64_t spoiled = 1 + input.count() / 50;
  for (int64_t i = 0; i < spoiled; ++i) {
    const bool negative = random.uniform() < 0.5 && how != "nan";
    input.set(random.below(input.count()), negative ? -value : value);
  }
}

}  // namespace vk::cases
