/**
 * ONNX models as graphs of Voxkern, and graphs as ONNX models.
 *
 * <p>{@link org.voxkern.onnx.OnnxModel} reads a file, {@link org.voxkern.onnx.OnnxImport} makes a
 * graph and its weights of it, {@link org.voxkern.onnx.OnnxExport} writes one, {@link
 * org.voxkern.onnx.BackendTest} runs the tests that ONNX has for those who implement it.
 */
package org.voxkern.onnx;
