package org.voxkern.bench.operation;

/**
 * The least that a job must move and compute; 0 operations where memory alone bounds it.
 *
 * @param bytesRead from memory
 * @param bytesWritten to memory
 * @param operations floating-point operations, a multiply-add being two
 */
public record Work(double bytesRead, double bytesWritten, double operations) {

  /** Of so many bytes a voxel. */
  static Work perVoxel(Workload workload, double bytesRead, double bytesWritten) {
    return new Work(workload.voxels() * bytesRead, workload.voxels() * bytesWritten, 0);
  }

  /** The least seconds on a machine. */
  public double floorSeconds(Peaks peaks) {
    double memory = (bytesRead / peaks.readGbPerS() + bytesWritten / peaks.writeGbPerS()) * 1e-9;
    return Math.max(memory, operations / peaks.gflopPerS() * 1e-9);
  }
}
