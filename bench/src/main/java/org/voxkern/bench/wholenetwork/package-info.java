/**
 * Whole networks, forward, beside oneDNN chained by hand, ONNX Runtime and libtorch: the same
 * weights and inputs, each contender in a process of its own, in turn.
 */
package org.voxkern.bench.wholenetwork;
