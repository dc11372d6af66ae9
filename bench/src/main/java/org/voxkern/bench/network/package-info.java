/**
 * The operations of networks and detection beside oneDNN, libtorch and ONNX Runtime: the same job,
 * each contender in a process of its own, in turn.
 */
package org.voxkern.bench.network;
