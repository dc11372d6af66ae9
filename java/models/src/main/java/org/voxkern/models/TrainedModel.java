package org.voxkern.models;

import org.voxkern.graph.Graph;
import org.voxkern.graph.Weights;

/**
 * A network and what it has learned.
 *
 * @param weights belong to the scope in which the model was read
 */
public record TrainedModel(Graph graph, Weights weights) {}
