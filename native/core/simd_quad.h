// Four floats as one value, on every instruction set. Included after core/simd_begin.h, once an
// instruction set.
#if defined(VK_CORE_SIMD_QUAD_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_CORE_SIMD_QUAD_H
#undef VK_CORE_SIMD_QUAD_H
#else
#define VK_CORE_SIMD_QUAD_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {

using Quad = float __attribute__((vector_size(16)));

HWY_INLINE Quad quadAt(const float* from) {
  Quad quad;
  __builtin_memcpy(&quad, from, sizeof quad);
  return quad;
}

HWY_INLINE void storeQuad(Quad quad, float* to) { __builtin_memcpy(to, &quad, sizeof quad); }

/** a * b + sum. */
HWY_INLINE Quad quadMulAdd(Quad a, Quad b, Quad sum) {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
  return _mm_fmadd_ps(a, b, sum);
#else
  return a * b + sum;
#endif
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif
