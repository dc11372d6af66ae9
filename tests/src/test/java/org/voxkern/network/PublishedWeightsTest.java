package org.voxkern.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.voxkern.Context;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Graph;
import org.voxkern.graph.Parameter;
import org.voxkern.graph.Weights;
import org.voxkern.models.KerasModels;
import org.voxkern.models.TrainedModel;
import org.voxkern.op.Activation;
import org.voxkern.testing.Requirement;

/** A network of this package is the one that was published: given its weights it says the same. */
class PublishedWeightsTest {
  private final Context context = Context.create();

  @AfterEach
  void close() {
    context.close();
  }

  private Tensor volume(long seed, Shape shape) {
    Random random = new Random(seed);
    float[] values = new float[Math.toIntExact(shape.elementCount())];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat();
    }
    return Tensor.of(context, values, shape.toArray());
  }

  /** Layers of both have the same order, and so do their parameters. */
  private Weights weights(Graph graph, TrainedModel model) {
    List<Parameter> ours = graph.parameters();
    List<Parameter> theirs = model.graph().parameters();
    assertEquals(theirs.size(), ours.size());
    Map<String, Tensor> named = new HashMap<>();
    for (int i = 0; i < ours.size(); i++) {
      named.put(ours.get(i).name(), model.weights().get(theirs.get(i).name()));
    }
    return Weights.of(graph, named);
  }

  private void sameMeshNet(String file, MeshNet.Builder network) throws IOException {
    Path folder = Requirement.dataSet("meshnet");
    TrainedModel model = KerasModels.readTfjs(context, folder.resolve(file));
    Graph graph = network.build();
    Tensor volume = volume(5, Shape.of(1, 1, 24, 20, 28));
    float[] theirs =
        model
            .graph()
            .compile(context, model.weights(), Map.of("input", volume.shape()))
            .run(volume)
            .toFloatArray();
    float[] ours =
        graph
            .compile(context, weights(graph, model), Map.of("image", volume.shape()))
            .run(volume)
            .toFloatArray();
    assertArrayEquals(theirs, ours);
  }

  @Test
  void meshNetsOfBrainchop() throws IOException {
    sameMeshNet("model.json", MeshNet.builder());
    sameMeshNet(
        "model18cls/model.json",
        MeshNet.builder().features(21).classes(18).activation(Activation.elu(1)));
    sameMeshNet("mindgrab/model.json", MeshNet.mindGrab());
  }

  @Test
  void voxelMorphOfCvpr2018() throws IOException {
    Path file = Requirement.dataSet("voxelmorph-2018").resolve("cvpr2018_vm1_cc.h5");
    TrainedModel model = KerasModels.readHdf5(context, file);
    Graph graph = VoxelMorph.cvpr2018().build();
    Shape shape = Shape.of(1, 1, 160, 192, 224);
    Tensor moving = volume(1, shape);
    Tensor fixed = volume(2, shape);
    Map<String, Tensor> theirs =
        model
            .graph()
            .compile(context, model.weights(), Map.of("input_53", shape, "input_54", shape))
            .run(Map.of("input_53", moving, "input_54", fixed));
    Map<String, Tensor> ours =
        graph
            .compile(context, weights(graph, model), Map.of("moving", shape, "fixed", shape))
            .run(Map.of("moving", moving, "fixed", fixed));
    assertArrayEquals(
        theirs.get("spatial_transformer_28").toFloatArray(), ours.get("warped").toFloatArray());
    float[] zyx = theirs.get("flow").toFloatArray();
    float[] xyz = ours.get("displacement").toFloatArray();
    int voxels = zyx.length / 3;
    for (int axis = 0; axis < 3; axis++) {
      assertArrayEquals(
          Arrays.copyOfRange(zyx, (2 - axis) * voxels, (3 - axis) * voxels),
          Arrays.copyOfRange(xyz, axis * voxels, (axis + 1) * voxels));
    }
  }
}
