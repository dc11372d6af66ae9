/**
 * The model graph: networks as immutable graphs of operations, built fluently, whose sizes may be
 * symbols until they are compiled for given shapes.
 *
 * <p>{@link org.voxkern.graph.Graph} says what is computed, {@link org.voxkern.graph.Weights} with
 * which parameters, {@link org.voxkern.graph.Executable} runs it for one set of shapes in memory
 * that was planned before.
 */
package org.voxkern.graph;
