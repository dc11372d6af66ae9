// VK_HD marks a function that the CUDA kernels share with host code.
#pragma once

#ifndef VK_HD
#ifdef __CUDACC__
#define VK_HD __host__ __device__
#else
#define VK_HD
#endif
#endif
