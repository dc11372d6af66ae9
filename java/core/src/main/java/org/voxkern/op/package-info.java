/**
 * Operations: one final class each, which checks its arguments and calls the native library.
 *
 * <p>Every operation takes and returns tensors of one context. Similarity measures say in their
 * documentation whether larger is better.
 */
package org.voxkern.op;
