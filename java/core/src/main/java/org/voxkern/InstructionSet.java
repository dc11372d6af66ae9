package org.voxkern;

/** Instruction-set families that the CPU kernels are compiled for. */
public enum InstructionSet {
  /** The best one this processor has. */
  AUTO,
  /** Plain C++ of the platform's baseline. */
  PORTABLE,
  NEON,
  AVX2,
  AVX512
}
