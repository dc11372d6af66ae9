package org.voxkern.segmentation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.voxkern.Context;
import org.voxkern.Image;
import org.voxkern.OutOfMemoryException;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Graph;
import org.voxkern.graph.Value;
import org.voxkern.graph.Weights;
import org.voxkern.itk.ImageIo;
import org.voxkern.models.KerasModels;
import org.voxkern.models.TrainedModel;
import org.voxkern.onnx.OnnxImport;
import org.voxkern.onnx.OnnxModel;
import org.voxkern.onnx.OnnxNetwork;
import org.voxkern.op.Conv3d;
import org.voxkern.testing.Requirement;

class WholeVolumeTest {
  private final Context context = Context.builder().threads(2).build();

  @AfterEach
  void close() {
    context.close();
  }

  private static Graph graph(boolean norm) {
    Graph.Builder builder = Graph.builder();
    Value value = builder.input("image", "N", 1, "D", "H", "W");
    for (long dilation : new long[] {1, 4, 2}) {
      Conv3d convolution =
          Conv3d.builder()
              .dilation(dilation, dilation, dilation)
              .padding(dilation, dilation, dilation)
              .build();
      value = value.as("d" + dilation).conv3d(5, new long[] {3, 3, 3}, convolution, true);
      value = (norm ? value.as("norm" + dilation).instanceNorm() : value).relu();
    }
    return builder.output("scores", value.as("head").conv3d(4, 1)).build();
  }

  private Tensor volume(long... size) {
    float[] values = new float[(int) Shape.of(size).elementCount()];
    Random random = new Random(2);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.of(context, values, size);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void takesTheClassOfTheGreatestScore(boolean norm) {
    Graph graph = graph(norm);
    Weights weights = Weights.initialize(graph, context, 4);
    Tensor volume = volume(37, 24, 20);
    Shape input = Shape.of(1, 1, 37, 24, 20);
    float[] scores =
        graph
            .compile(context, weights, Map.of("image", input))
            .run(volume.view(volume.type(), input, 0))
            .toFloatArray();
    List<Long> progress = new ArrayList<>();
    Tensor labels =
        WholeVolume.of(0, (done, total) -> progress.add(done * 1000 + total))
            .labels(graph, weights, volume);
    assertEquals(Shape.of(37, 24, 20), labels.shape());
    long need =
        WholeVolume.of(0, (done, total) -> {}).labelsBytes(graph, weights, context, volume.shape());
    assertTrue(need > scores.length && need < 100L * scores.length, need + " bytes");
    byte[] values = labels.toByteArray();
    int voxels = values.length;
    for (int v = 0; v < voxels; v++) {
      int best = 0;
      for (int c = 1; c < 4; c++) {
        best = scores[c * voxels + v] > scores[best * voxels + v] ? c : best;
      }
      // Slabs may round otherwise: then both classes are as good.
      assertEquals(scores[best * voxels + v], scores[values[v] * voxels + v], 1e-5);
    }
    assertEquals(norm ? 1001 : 37_037, progress.get(progress.size() - 1));
  }

  @Test
  void saysWhenTheMemoryDoesNotHoldIt() {
    Tensor volume = volume(37, 24, 20);
    for (boolean norm : new boolean[] {false, true}) {
      Graph graph = graph(norm);
      Weights weights = Weights.initialize(graph, context, 4);
      long before = context.memory().inUse();
      OutOfMemoryException refused =
          assertThrows(
              OutOfMemoryException.class,
              () -> WholeVolume.of(12_345, (d, t) -> {}).labels(graph, weights, volume));
      assertTrue(refused.getMessage().contains("allowed are 12345"), refused.getMessage());
      assertEquals(before, context.memory().inUse());
    }
  }

  @Test
  void canBeCancelled() {
    Graph graph = graph(false);
    Weights weights = Weights.initialize(graph, context, 4);
    Tensor volume = volume(60, 24, 20);
    long before = context.memory().inUse();
    WholeVolume whole = WholeVolume.of(0, (done, total) -> context.cancel());
    assertThrows(CancellationException.class, () -> whole.labels(graph, weights, volume));
    context.clearCancellation();
    assertEquals(before, context.memory().inUse());
  }

  /** The published network on its example, beside what its authors stored. */
  @Test
  void meshNetAgreesWithItsAuthors() throws Exception {
    Path meshnet = Requirement.dataSet("meshnet");
    TrainedModel model = KerasModels.readTfjs(context, meshnet.resolve("model.json"));
    assertAgrees(meshnet, model.graph(), model.weights());
  }

  /** The same network from another file. */
  @Test
  void meshNetOfOnnxAgreesWithItsAuthors() throws Exception {
    Path meshnet = Requirement.dataSet("meshnet");
    OnnxModel model = OnnxModel.read(meshnet.resolve("onnx/model5_gw_ae.onnx"));
    OnnxNetwork network = OnnxImport.of(model).run(context);
    assertAgrees(meshnet, network.graph(), network.weights());
  }

  private void assertAgrees(Path meshnet, Graph graph, Weights weights) throws Exception {
    Image scan = ImageIo.read(context, meshnet.resolve("example.nii.gz"));
    Image stored = ImageIo.read(context, meshnet.resolve("output.nii.gz"));
    Image input =
        Preprocessing.of(new Conform(), new Reorient("AIL"), MinMax.ofRange()).apply(scan);
    Tensor labels =
        WholeVolume.of(600_000_000, (done, total) -> {}).labels(graph, weights, input.data());
    Image restored = Preprocessing.restore(new Image(labels, input.geometry()), scan.geometry());
    byte[] expected = stored.data().toByteArray();
    byte[] actual = restored.data().toByteArray();
    int different = 0;
    for (int i = 0; i < actual.length; i++) {
      different += actual[i] == expected[i] ? 0 : 1;
    }
    double agreement = 100 - 100.0 * different / actual.length;
    assertTrue(agreement >= 99.998, agreement + " % of the voxels agree");
    assertArrayEquals(stored.geometry().size(), restored.geometry().size());
  }
}
