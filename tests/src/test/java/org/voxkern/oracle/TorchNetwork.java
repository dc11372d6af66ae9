package org.voxkern.oracle;

import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.voxkern.graph.Graph;
import org.voxkern.graph.Parameter;
import org.voxkern.graph.Weights;
import org.voxkern.oracle.Torch.Input;

/** Random parameters of a graph, and its layers in libtorch, by the names of their nodes. */
final class TorchNetwork {
  private final Graph graph;
  private final Map<String, Input> parameters = new LinkedHashMap<>();

  TorchNetwork(Torch torch, Graph graph) {
    this.graph = graph;
    for (Parameter parameter : graph.parameters()) {
      boolean positive = parameter.name().endsWith("running_var");
      double low = positive ? 0.5 : -0.3;
      parameters.put(parameter.name(), torch.uniform(low, low + 0.6, parameter.shape().toArray()));
    }
  }

  /** The same numbers for us. */
  Weights weights() {
    Map<String, org.voxkern.Tensor> ours = new LinkedHashMap<>();
    parameters.forEach((name, input) -> ours.put(name, input.ours()));
    return Weights.of(graph, ours);
  }

  Input input(String name) {
    return parameters.get(name);
  }

  Tensor get(String name) {
    return parameters.get(name).theirs();
  }

  TensorOptional optional(String name) {
    return new TensorOptional(get(name));
  }

  private TensorOptional bias(String layer) {
    boolean has = parameters.containsKey(layer + ".bias");
    return has ? optional(layer + ".bias") : new TensorOptional();
  }

  private static long[] all(long value) {
    return new long[] {value, value, value};
  }

  Tensor convolution(String layer, Tensor input, long stride, long padding) {
    return torch.conv3d(
        input, get(layer + ".weight"), bias(layer), all(stride), all(padding), all(1), 1);
  }

  /** Kernel and stride two. */
  Tensor transposed(String layer, Tensor input) {
    return torch.conv_transpose3d(
        input,
        get(layer + ".weight"),
        optional(layer + ".bias"),
        all(2),
        all(0),
        all(0),
        1,
        all(1));
  }

  static Tensor maxPool(Tensor input) {
    return torch.max_pool3d_with_indices(input, all(2), all(2), all(0), all(1), false).get0();
  }

  Tensor batchNorm(String layer, Tensor input, boolean training) {
    return torch.batch_norm(
        input,
        optional(layer + ".weight"),
        optional(layer + ".bias"),
        new TensorOptional(get(layer + ".running_mean").detach()),
        new TensorOptional(get(layer + ".running_var").detach()),
        training,
        0.1,
        1e-5,
        false);
  }

  Tensor instanceNorm(String layer, Tensor input) {
    return torch.instance_norm(
        input,
        optional(layer + ".weight"),
        optional(layer + ".bias"),
        new TensorOptional(),
        new TensorOptional(),
        true,
        0,
        1e-5,
        false);
  }
}
