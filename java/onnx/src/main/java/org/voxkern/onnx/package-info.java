/**
 * ONNX models as graphs of Voxkern, and graphs as ONNX models.
 *
 * <p>{@link org.voxkern.onnx.OnnxModel} reads a file, {@link org.voxkern.onnx.OnnxImport} makes a
 * graph and its weights of it.
 */
package org.voxkern.onnx;
