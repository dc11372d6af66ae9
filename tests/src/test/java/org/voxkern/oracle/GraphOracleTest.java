package org.voxkern.oracle;

import static org.voxkern.oracle.Torch.assertNear;

import java.util.HashMap;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.voxkern.Shape;
import org.voxkern.graph.Executable;
import org.voxkern.graph.Graph;
import org.voxkern.graph.Parameter;
import org.voxkern.graph.Value;
import org.voxkern.graph.Weights;
import org.voxkern.oracle.Torch.Input;

/** A compiled network gives what libtorch gives layer by layer, with the same weights. */
class GraphOracleTest {
  private final Map<String, Input> weights = new HashMap<>();

  private static Graph unet() {
    Graph.Builder builder = Graph.builder();
    Value image = builder.input("image", "N", 2, "D", "H", "W");
    Value fine = image.as("fine").conv3d(6, 3).as("norm0").batchNorm().relu();
    Value coarse = fine.maxPool(2).as("coarse").conv3d(8, 3).as("norm1").batchNorm().relu();
    Value deeper = coarse.as("deeper").conv3d(8, 3).add(coarse).relu();
    Value up = deeper.as("up").conv3dTransposed(6, 2);
    Value joined = fine.concat(1, up).as("joined").conv3d(5, 3).sigmoid();
    return builder.output("logits", joined.as("head").conv3d(3, 1)).build();
  }

  @Test
  void smallUnet() {
    Graph graph = unet();
    try (PointerScope pointers = new PointerScope();
        Torch torch = new Torch(23)) {
      Map<String, org.voxkern.Tensor> ours = new HashMap<>();
      for (Parameter parameter : graph.parameters()) {
        boolean positive = parameter.name().endsWith("running_var");
        double low = positive ? 0.5 : -0.3;
        Input input = torch.uniform(low, low + 0.6, parameter.shape().toArray());
        weights.put(parameter.name(), input);
        ours.put(parameter.name(), input.ours());
      }
      Input image = torch.uniform(Shape.of(2, 2, 12, 10, 14));
      Executable executable =
          graph.compile(torch.context(), Weights.of(graph, ours), Map.of("image", image.shape()));
      assertNear("logits", theirs(image.theirs()), executable.run(image.ours()), 1e-5);
    }
  }

  private Tensor theirs(Tensor image) {
    Tensor fine = torch.relu(norm("norm0", convolution("fine", image, 1)));
    Tensor pooled =
        torch.max_pool3d_with_indices(fine, all(2), all(2), all(0), all(1), false).get0();
    Tensor coarse = torch.relu(norm("norm1", convolution("coarse", pooled, 1)));
    Tensor deeper = torch.relu(convolution("deeper", coarse, 1).add(coarse));
    Tensor up =
        torch.conv_transpose3d(
            deeper, weight("up.weight"), bias("up"), all(2), all(0), all(0), 1, all(1));
    Tensor joined = torch.cat(new TensorVector(fine, up), 1);
    return convolution("head", torch.sigmoid(convolution("joined", joined, 1)), 0);
  }

  private static long[] all(long value) {
    return new long[] {value, value, value};
  }

  private Tensor weight(String name) {
    return weights.get(name).theirs().detach();
  }

  private TensorOptional bias(String layer) {
    return new TensorOptional(weight(layer + ".bias"));
  }

  private Tensor convolution(String layer, Tensor input, long padding) {
    return torch.conv3d(
        input, weight(layer + ".weight"), bias(layer), all(1), all(padding), all(1), 1);
  }

  private Tensor norm(String layer, Tensor input) {
    return torch.batch_norm(
        input,
        new TensorOptional(weight(layer + ".weight")),
        bias(layer),
        new TensorOptional(weight(layer + ".running_mean")),
        new TensorOptional(weight(layer + ".running_var")),
        false,
        0.1,
        1e-5,
        false);
  }
}
