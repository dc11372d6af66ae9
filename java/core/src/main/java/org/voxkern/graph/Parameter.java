package org.voxkern.graph;

import org.voxkern.Shape;

/**
 * A tensor of a network that is not computed from its inputs.
 *
 * @param trained whether optimisers change it; running statistics are not
 */
public record Parameter(String name, Shape shape, Initializer initializer, boolean trained) {}
