package org.voxkern.bench.network;

/** A library that does the jobs. */
interface Contender {
  /** Whether it has the operation. */
  boolean takes(NetworkCase job);

  /** Everything that a network does once: layouts, weights, sessions. */
  Prepared prepare(NetworkCase job, CaseData data, int threads) throws Exception;

  /** A job that is ready to run. */
  interface Prepared {
    void run() throws Exception;

    /** What the last run computed, tensors plain and one after the other. */
    float[] result() throws Exception;
  }
}
