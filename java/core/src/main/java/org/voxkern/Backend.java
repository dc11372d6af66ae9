package org.voxkern;

/** Where operations run. A backend that is named never falls back to another. */
public enum Backend {
  /** The best one of the host, which is logged. A CUDA device has to be asked for. */
  AUTO,
  /** Plain loops with double sums, for tests. */
  REFERENCE,
  /** SIMD kernels on all cores. */
  CPU,
  /** A CUDA device. */
  CUDA,
  /** The CUDA kernels on a host implementation of the CUDA runtime, for tests. */
  CUDA_EMULATED
}
