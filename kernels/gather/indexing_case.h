// The inputs of the cases of gather and scatter.
#pragma once

#include "cases/case.h"
#include "voxkern/tensor.h"

namespace vk::cases {

struct IndexingSetup {
  vk_index_kind kind;
  int32_t axis;
  Sizes data;
  Sizes indexSizes;
  /** Of gather's output and scatter's updates. */
  Sizes picked;
  Buffer* indices;

  explicit IndexingSetup(Case& test) {
    const CaseLine& line = test.line();
    const std::string name = line.word("kind", "");
    kind = name == "slices"     ? VK_INDEX_SLICES
           : name == "elements" ? VK_INDEX_ELEMENTS
           : name == "tuples"   ? VK_INDEX_TUPLES
                                : static_cast<vk_index_kind>(3);
    axis = static_cast<int32_t>(line.integer("axis", 0));
    data = line.sizes("shape");
    indexSizes = line.sizes("indices");
    const auto at = static_cast<size_t>(axis < 0 ? axis + int64_t(data.size()) : axis);
    const bool tuples = kind == VK_INDEX_TUPLES;
    const auto depth = tuples ? static_cast<size_t>(indexSizes.back()) : 1;
    if (kind == VK_INDEX_ELEMENTS) {
      picked = indexSizes;
    } else {
      picked.assign(data.begin(), data.begin() + int64_t(std::min(at, data.size())));
      picked.insert(picked.end(), indexSizes.begin() + (tuples ? int64_t(at) : 0),
                    indexSizes.end() - (tuples ? 1 : 0));
      for (size_t i = at + depth; i < data.size(); ++i) picked.push_back(data[i]);
    }
    fillIndices(test, at, depth);
  }

 private:
  /** From the last axis's end, -size, to its other end. outside=yes: one of them lies beyond. */
  void fillIndices(Case& test, size_t at, size_t depth) {
    const bool narrow = test.line().word("index_type", "i64") == "i32";
    indices = &test.input("indices", narrow ? VK_I32 : VK_I64, indexSizes);
    SplitMix64 random(test.line().seed(), "indices");
    for (int64_t i = 0; i < indices->count(); ++i) {
      const size_t along = at + static_cast<size_t>(i) % depth;
      const int64_t size = along < data.size() ? data[along] : 1;
      indices->set(i, size == 0 ? 0 : double(random.below(2 * size) - size));
    }
    if (test.line().flag("outside", false)) indices->set(indices->count() / 2, double(data[at]));
  }
};

}  // namespace vk::cases
