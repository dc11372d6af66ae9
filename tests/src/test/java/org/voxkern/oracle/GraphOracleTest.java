package org.voxkern.oracle;

import static org.voxkern.oracle.Torch.assertNear;

import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.voxkern.Shape;
import org.voxkern.graph.Executable;
import org.voxkern.graph.Graph;
import org.voxkern.graph.Value;
import org.voxkern.oracle.Torch.Input;

/** A compiled network gives what libtorch gives layer by layer, with the same weights. */
@ExtendWith(Libtorch.class)
class GraphOracleTest {
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
      TorchNetwork network = new TorchNetwork(torch, graph);
      Input image = torch.uniform(Shape.of(2, 2, 12, 10, 14));
      Executable executable =
          graph.compile(torch.context(), network.weights(), Map.of("image", image.shape()));
      assertNear("logits", theirs(network, image.theirs()), executable.run(image.ours()), 1e-5);
    }
  }

  private static Tensor theirs(TorchNetwork network, Tensor image) {
    Tensor fine =
        torch.relu(network.batchNorm("norm0", network.convolution("fine", image, 1, 1), false));
    Tensor pooled = network.convolution("coarse", TorchNetwork.maxPool(fine), 1, 1);
    Tensor coarse = torch.relu(network.batchNorm("norm1", pooled, false));
    Tensor deeper = torch.relu(network.convolution("deeper", coarse, 1, 1).add(coarse));
    Tensor joined = torch.cat(new TensorVector(fine, network.transposed("up", deeper)), 1);
    Tensor last = torch.sigmoid(network.convolution("joined", joined, 1, 1));
    return network.convolution("head", last, 1, 0);
  }
}
