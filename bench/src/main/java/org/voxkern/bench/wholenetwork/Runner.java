package org.voxkern.bench.wholenetwork;

/** A network that is ready to run in one of the libraries. */
interface Runner {
  void run() throws Exception;

  /** What the last run computed. */
  float[] result() throws Exception;

  /** Makes one, with everything that is done once: layouts, weights, sessions. */
  @FunctionalInterface
  interface Maker {
    Runner of(WholeNetwork network, int threads) throws Exception;
  }
}
