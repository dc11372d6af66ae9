package org.voxkern.bench.wholenetwork;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Scope;
import org.voxkern.Tensor;
import org.voxkern.graph.Executable;
import org.voxkern.graph.Graph;
import org.voxkern.graph.Weights;
import org.voxkern.op.Conv3d;

/** Ours: the compiled graph. */
final class VoxkernRunner implements Runner {
  private final Executable executable;
  private final Map<String, Tensor> inputs = new LinkedHashMap<>();
  private final Map<String, Tensor> outputs = new LinkedHashMap<>();
  private final String compared;

  static Runner of(WholeNetwork network, int threads) throws IOException {
    return network.trained() == null
        ? new VoxkernRunner(network, network.graph(), threads)
        : new LabellingRunner(network, threads);
  }

  /** With products of bfloat16; features are f32 all the same. */
  static Runner ofBfloat16(WholeNetwork network, int threads) throws IOException {
    return new VoxkernRunner(
        network, network.graph().withAccuracy(Conv3d.BFLOAT16_ACCURACY), threads);
  }

  private VoxkernRunner(WholeNetwork network, Graph graph, int threads) throws IOException {
    Context context = Context.builder().threads(threads).build();
    Scope.open(context); // ends with the process
    compared = network.output();
    Weights weights = network.weights(context);
    executable = graph.compile(context, weights, network.shapes());
    // They are packed now.
    weights.names().forEach(name -> weights.get(name).close());
    context.trim();
    for (String input : executable.inputNames()) {
      inputs.put(input, Tensor.of(context, network.input(input), network.image().toArray()));
    }
    for (String output : executable.outputNames()) {
      outputs.put(
          output, Tensor.uninitialized(context, ElementType.F32, executable.outputShape(output)));
    }
  }

  @Override
  public void run() {
    executable.run(inputs, outputs);
  }

  @Override
  public float[] result() {
    return outputs.get(compared).toFloatArray();
  }
}
