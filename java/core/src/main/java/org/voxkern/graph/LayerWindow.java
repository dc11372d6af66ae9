package org.voxkern.graph;

import java.util.Arrays;
import java.util.Optional;
import org.voxkern.op.Conv3d;

/** How far the layers of a network look around a voxel. */
public final class LayerWindow {
  private LayerWindow() {}

  /**
   * Voxels along z, y, x from the first to the last that the widest convolution looks at, (kernel -
   * 1) dilation + 1. In a smaller image it looks past the border at every voxel.
   *
   * @return empty where the resolution changes on the way, so that voxels differ in size
   */
  public static Optional<long[]> widest(Graph graph) {
    long[] widest = {1, 1, 1};
    for (Node node : graph.nodes()) {
      if (changesResolution(node.operation())) {
        return Optional.empty();
      }
      if (node.operation() instanceof Convolution layer) {
        SymbolicShape weights = node.inputs().get(1).shape();
        for (int axis = 0; axis < 3; axis++) {
          long taps = weights.known(axis + 2) - 1;
          widest[axis] = Math.max(widest[axis], taps * layer.convolution().dilation()[axis] + 1);
        }
      }
    }
    return Optional.of(widest);
  }

  private static boolean changesResolution(Operation operation) {
    if (operation instanceof Convolution layer) {
      Conv3d convolution = layer.convolution();
      return Arrays.stream(convolution.stride()).anyMatch(stride -> stride != 1);
    }
    return operation instanceof TransposedConvolution
        || operation instanceof Pools.Max
        || operation instanceof Pools.Average
        || operation instanceof Sampling.Enlarged
        || operation instanceof Sampling.ResizedLike;
  }
}
