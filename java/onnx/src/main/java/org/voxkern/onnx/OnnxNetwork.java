package org.voxkern.onnx;

import org.voxkern.graph.Graph;
import org.voxkern.graph.Weights;

/**
 * An imported model: its inputs, outputs and parameters have the names that they have in the file.
 *
 * @param weights belong to the scope in which the model was imported
 */
public record OnnxNetwork(Graph graph, Weights weights) {}
