// Stands in for the toolkit's header of this name: products of matrices by a warp. Which lane holds
// which element is nobody's business but this header's, as on a device; here lane i holds every
// 32nd, from the i-th on. A product is summed in f32, in the order of k, which on a device nobody
// knows.
#pragma once

#include <cstdint>
#include <cstring>

#include "cuda_bf16.h"
#include "cuda_fp16.h"
#include "emulator/wmma.h"

namespace nvcuda::wmma {

struct matrix_a;
struct matrix_b;
struct accumulator;
struct row_major;
struct col_major;
namespace precision {
struct tf32;
}
enum layout_t { mem_row_major, mem_col_major };

/** To nearest, ties away from 0; what multiplies tf32 looks at no more than this leaves. */
inline float __float_to_tf32(float value) {
  return vk::emulator::asTf32(value, vk::emulator::Tf32::kRound);
}

template <class Use, int m, int n, int k, class T, class Layout = void>
class fragment {
  static constexpr bool kTf32 = std::is_same_v<T, precision::tf32>;
  // Sums do not know whose they are.
  static constexpr bool kOfTf32 = kTf32 || std::is_same_v<Use, accumulator>;
  static_assert((kOfTf32 && m == 16 && n == 16 && k == 8) ||
                (!kTf32 && m * n == 256 && k == 16 && (m == 16 || m == 32 || m == 8)));

 public:
  static constexpr int kRows = std::is_same_v<Use, matrix_b> ? k : m;
  static constexpr int kColumns = std::is_same_v<Use, matrix_a> ? k : n;
  static constexpr int num_elements = kRows * kColumns / 32;
  using element_type = std::conditional_t<kTf32, float, T>;
  element_type x[num_elements];

  /** Like registers, they start out with anything: here with NaN. */
  fragment() { std::memset(static_cast<void*>(x), 0xFF, sizeof x); }
};

template <class Use, int m, int n, int k, class T, class Layout, class Value>
void fill_fragment(fragment<Use, m, n, k, T, Layout>& to, Value value) {
  for (auto& element : to.x) element = value;
}

template <class Use, int m, int n, int k, class T, class Layout, class From>
void load_matrix_sync(fragment<Use, m, n, k, T, Layout>& to, const From* from, unsigned step,
                      const vk::emulator::Where& where = vk::emulator::Where::current()) {
  static_assert(!std::is_void_v<Layout>, "an accumulator is loaded with a layout");
  static_assert(sizeof(From) == sizeof(to.x[0]));
  vk::emulator::copyMatrix<From, std::is_same_v<Layout, row_major>>(
      {from, step, sizeof(From)}, to.kRows, to.kColumns, where,
      [&](int i, int64_t place) { std::memcpy(&to.x[i], from + place, sizeof(From)); });
}

template <int m, int n, int k, class T>
void load_matrix_sync(fragment<accumulator, m, n, k, T>& to, const T* from, unsigned step,
                      layout_t layout,
                      const vk::emulator::Where& where = vk::emulator::Where::current()) {
  const auto take = [&](int i, int64_t place) { to.x[i] = from[place]; };
  const vk::emulator::MatrixPlace at{from, step, sizeof(T)};
  layout == mem_row_major ? vk::emulator::copyMatrix<T, true>(at, m, n, where, take)
                          : vk::emulator::copyMatrix<T, false>(at, m, n, where, take);
}

template <int m, int n, int k, class T>
void store_matrix_sync(T* to, const fragment<accumulator, m, n, k, T>& from, unsigned step,
                       layout_t layout,
                       const vk::emulator::Where& where = vk::emulator::Where::current()) {
  const auto give = [&](int i, int64_t place) { to[place] = from.x[i]; };
  const vk::emulator::MatrixPlace at{to, step, sizeof(T)};
  layout == mem_row_major ? vk::emulator::copyMatrix<T, true>(at, m, n, where, give)
                          : vk::emulator::copyMatrix<T, false>(at, m, n, where, give);
}

template <int m, int n, int k, class T, class LayoutA, class LayoutB>
void mma_sync(fragment<accumulator, m, n, k, float>& sums,
              const fragment<matrix_a, m, n, k, T, LayoutA>& a,
              const fragment<matrix_b, m, n, k, T, LayoutB>& b,
              const fragment<accumulator, m, n, k, float>& before,
              const vk::emulator::Where& where = vk::emulator::Where::current()) {
  using A = fragment<matrix_a, m, n, k, T, LayoutA>;
  using B = fragment<matrix_b, m, n, k, T, LayoutB>;
  using Sums = fragment<accumulator, m, n, k, float>;
  struct Own {
    Sums* sums;
    const A* a;
    const B* b;
    const Sums* before;
  } own{&sums, &a, &b, &before};
  vk::emulator::byWarp(&own, where, [](void* const lanes[32]) {
    vk::emulator::needWholeWarp(lanes);
    float left[m * k], right[k * n];
    const auto of = [&](int lane) { return static_cast<const Own*>(lanes[lane]); };
    for (int i = 0; i < m * k; ++i) left[i] = vk::emulator::factor(of(i % 32)->a->x[i / 32]);
    for (int i = 0; i < k * n; ++i) right[i] = vk::emulator::factor(of(i % 32)->b->x[i / 32]);
    for (int i = 0; i < m * n; ++i) {
      float sum = of(i % 32)->before->x[i / 32];
      for (int j = 0; j < k; ++j) sum += left[i / n * k + j] * right[j * n + i % n];
      of(i % 32)->sums->x[i / 32] = sum;
    }
  });
}

}  // namespace nvcuda::wmma
