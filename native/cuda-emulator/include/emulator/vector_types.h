// Short vectors with the alignment that their loads need on a device.
#pragma once

#include <cstdint>

#define VK_EMULATED_VECTORS(type, name, align2, align4)                       \
  struct alignas(align2) name##2 {                                            \
    type x, y;                                                                \
  };                                                                          \
  struct name##3 {                                                            \
    type x, y, z;                                                             \
  };                                                                          \
  struct alignas(align4) name##4 {                                            \
    type x, y, z, w;                                                          \
  };                                                                          \
  inline name##2 make_##name##2(type x, type y) { return {x, y}; }            \
  inline name##3 make_##name##3(type x, type y, type z) { return {x, y, z}; } \
  inline name##4 make_##name##4(type x, type y, type z, type w) { return {x, y, z, w}; }

using uchar = unsigned char;
using ushort = unsigned short;
using uint = unsigned int;

VK_EMULATED_VECTORS(float, float, 8, 16)
VK_EMULATED_VECTORS(double, double, 16, 16)
VK_EMULATED_VECTORS(int, int, 8, 16)
VK_EMULATED_VECTORS(unsigned, uint, 8, 16)
VK_EMULATED_VECTORS(short, short, 4, 8)
VK_EMULATED_VECTORS(unsigned short, ushort, 4, 8)
VK_EMULATED_VECTORS(signed char, char, 2, 4)
VK_EMULATED_VECTORS(unsigned char, uchar, 2, 4)
VK_EMULATED_VECTORS(long long, longlong, 16, 16)

#undef VK_EMULATED_VECTORS

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned sizeX = 1, unsigned sizeY = 1, unsigned sizeZ = 1)
      : x(sizeX), y(sizeY), z(sizeZ) {}
};
