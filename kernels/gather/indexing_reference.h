// The element of the data that meets an element of gather's output or scatter's updates, from the
// shapes alone: the references' own way, coordinate by coordinate.
#pragma once

#include <vector>

#include "gather/indexing.h"

namespace vk {

inline int64_t numberOf(const std::vector<int64_t>& at, const vk_view& shape) {
  int64_t number = 0;
  for (int32_t i = 0; i < shape.rank; ++i) number = number * shape.sizes[i] + at[size_t(i)];
  return number;
}

/** -1 where an index is outside. */
inline int64_t referenceElement(const Indexing& indexing, int64_t element) {
  const vk_view& data = indexing.dataShape;
  const vk_view& indices = indexing.indicesShape;
  const int32_t axis = indexing.axis;
  const bool tuples = indexing.kind == VK_INDEX_TUPLES;
  const int32_t depth = tuples ? int32_t(indices.sizes[indices.rank - 1]) : 1;
  // Sizes of the output: where its coordinates come from.
  std::vector<int64_t> sizes;
  const int32_t indexAxes = tuples ? indices.rank - 1 - axis : indices.rank;
  if (indexing.kind == VK_INDEX_ELEMENTS) {
    for (int32_t i = 0; i < indices.rank; ++i) sizes.push_back(indices.sizes[i]);
  } else {
    for (int32_t i = 0; i < axis; ++i) sizes.push_back(data.sizes[i]);
    for (int32_t i = 0; i < indexAxes; ++i) sizes.push_back(indices.sizes[(tuples ? axis : 0) + i]);
    for (int32_t i = axis + depth; i < data.rank; ++i) sizes.push_back(data.sizes[i]);
  }
  std::vector<int64_t> at(sizes.size());
  for (size_t i = sizes.size(); i-- > 0;) {
    at[i] = element % sizes[i];
    element /= sizes[i];
  }
  const auto wrapped = [&](int64_t position, int32_t dataAxis) {
    const int64_t index = indexing.index(position);
    return index < 0 ? index + data.sizes[dataAxis] : index;
  };
  std::vector<int64_t> source;
  if (indexing.kind == VK_INDEX_ELEMENTS) {
    source = at;
    source[size_t(axis)] = wrapped(numberOf(at, indices), axis);
  } else {
    source.assign(at.begin(), at.begin() + axis);
    std::vector<int64_t> index(at.begin() + (tuples ? 0 : axis), at.begin() + axis + indexAxes);
    for (int32_t i = 0; i < depth; ++i) {
      std::vector<int64_t> position = index;
      if (tuples) position.push_back(i);
      source.push_back(wrapped(numberOf(position, indices), axis + i));
    }
    source.insert(source.end(), at.begin() + axis + indexAxes, at.end());
  }
  for (int32_t i = 0; i < data.rank; ++i) {
    if (source[size_t(i)] < 0 || source[size_t(i)] >= data.sizes[i]) return -1;
  }
  return numberOf(source, data);
}

}  // namespace vk
