package org.voxkern.bench.wholenetwork;

import java.io.IOException;
import org.voxkern.Context;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Graph;
import org.voxkern.graph.Weights;
import org.voxkern.segmentation.WholeVolume;

/** Ours on a scan, as {@code voxkern segment} runs it: slab by slab, to labels. */
final class LabellingRunner implements Runner {
  private final Graph graph;
  private final Weights weights;
  private final Tensor volume;
  private Tensor labels;

  LabellingRunner(WholeNetwork network, int threads) throws IOException {
    Context context = Context.builder().threads(threads).build();
    Scope.open(context); // ends with the process
    graph = network.graph();
    weights = network.weights(context);
    Shape image = network.image();
    String input = graph.inputs().keySet().iterator().next();
    volume = Tensor.of(context, network.input(input), image.size(2), image.size(3), image.size(4));
    context.trim();
  }

  @Override
  public void run() {
    if (labels != null) {
      labels.close();
    }
    labels = WholeVolume.of(0, (done, total) -> {}).labels(graph, weights, volume);
  }

  @Override
  public float[] result() {
    byte[] bytes = labels.toByteArray();
    float[] result = new float[bytes.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = bytes[i];
    }
    return result;
  }
}
