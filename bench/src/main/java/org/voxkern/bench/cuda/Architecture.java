package org.voxkern.bench.cuda;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a multiprocessor of a compute capability has, from NVIDIA's CUDA C++ Programming Guide,
 * "Technical Specifications per Compute Capability".
 *
 * @param capability as nvcc has it, for instance 90
 * @param warps that it keeps at once
 * @param blocks that it keeps at once
 * @param sharedBytes of shared memory
 */
record Architecture(int capability, int warps, int blocks, int sharedBytes) {
  private static final int REGISTERS = 65_536;
  private static final int WARP = 32;

  /** Registers are given to a warp in these units. */
  private static final int REGISTER_UNIT = 256;

  /** What the system takes of each block's shared memory, from 8.0 on. */
  private static final int RESERVED_SHARED = 1024;

  private static final Map<Integer, Architecture> ALL = new TreeMap<>();

  static {
    for (Architecture each :
        List.of(
            new Architecture(75, 32, 16, 64 << 10),
            new Architecture(80, 64, 32, 164 << 10),
            new Architecture(86, 48, 16, 100 << 10),
            new Architecture(89, 48, 24, 100 << 10),
            new Architecture(90, 64, 32, 228 << 10),
            new Architecture(100, 64, 32, 228 << 10),
            new Architecture(120, 48, 24, 100 << 10))) {
      ALL.put(each.capability, each);
    }
  }

  static Architecture of(int capability) {
    Architecture found = ALL.get(capability);
    if (found == null) {
      throw new IllegalArgumentException(
          "architecture " + capability + ": expected one of " + ALL.keySet());
    }
    return found;
  }

  /** The share of its warps that can run at once, 0 to 1, in blocks of so many threads. */
  double occupancy(int registers, int staticSharedBytes, int threads) {
    int warpsOfBlock = (threads + WARP - 1) / WARP;
    int perWarp = (registers * WARP + REGISTER_UNIT - 1) / REGISTER_UNIT * REGISTER_UNIT;
    int byRegisters = perWarp == 0 ? blocks : REGISTERS / perWarp / warpsOfBlock;
    int shared = staticSharedBytes + (capability >= 80 ? RESERVED_SHARED : 0);
    int byShared = shared == 0 ? blocks : sharedBytes / shared;
    int resident =
        Math.min(Math.min(blocks, warps / warpsOfBlock), Math.min(byRegisters, byShared));
    return (double) resident * warpsOfBlock / warps;
  }
}
