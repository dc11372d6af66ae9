package org.voxkern.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.voxkern.Context;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Executable;
import org.voxkern.graph.Graph;
import org.voxkern.graph.Weights;
import org.voxkern.op.Activation;

class NetworkTest {
  private static NnUNet.Builder benchmarked() {
    return NnUNet.builder().classes(3).features(32, 64, 128, 256, 320).deepSupervision(false);
  }

  @Test
  void parametersAreAsManyAsPublished() {
    assertEquals(19_069_955, UNet3d.builder().build().parameterCount());
    assertEquals(31_195_594, NnUNet.builder().build().parameterCount());
    assertEquals(327_331, VoxelMorph.pooled().build().parameterCount());
    assertEquals(259_675, VoxelMorph.cvpr2018().build().parameterCount());
    assertEquals(301_411, VoxelMorph.strided().build().parameterCount());
    assertEquals(5_598, MeshNet.builder().build().parameterCount());
    assertEquals(146_237, MeshNet.mindGrab().build().parameterCount());
    MeshNet.Builder parcellation =
        MeshNet.builder().features(21).classes(18).activation(Activation.elu(1));
    assertEquals(96_408, parcellation.build().parameterCount());
  }

  @Test
  void outputsHaveTheShapesOfTheirLayouts() {
    assertEquals(
        Map.of("logits", Shape.of(1, 3, 28, 44, 44)),
        UNet3d.builder().build().outputShapes(Map.of("image", Shape.of(1, 3, 116, 132, 132))));
    Shape patch = Shape.of(2, 1, 96, 128, 64);
    Map<String, Shape> deep = NnUNet.builder().build().outputShapes(Map.of("image", patch));
    assertEquals(
        List.of("logits", "logits1", "logits2", "logits3", "logits4"), List.copyOf(deep.keySet()));
    assertEquals(Shape.of(2, 2, 96, 128, 64), deep.get("logits"));
    assertEquals(Shape.of(2, 2, 6, 8, 4), deep.get("logits4"));
    assertEquals(
        Map.of("logits", Shape.of(2, 3, 96, 128, 64)),
        benchmarked().build().outputShapes(Map.of("image", patch)));
    Shape brain = Shape.of(1, 1, 160, 192, 224);
    for (VoxelMorph.Builder layout :
        List.of(VoxelMorph.pooled(), VoxelMorph.strided(), VoxelMorph.cvpr2018())) {
      assertEquals(
          Map.of("displacement", Shape.of(1, 3, 160, 192, 224), "warped", brain),
          layout.build().outputShapes(Map.of("moving", brain, "fixed", brain)));
    }
    assertEquals(
        Map.of("logits", Shape.of(1, 2, 9, 10, 11)),
        MeshNet.mindGrab().build().outputShapes(Map.of("image", Shape.of(1, 1, 9, 10, 11))));
  }

  /** Kernels and strides that leave the coarse axis of thick slices as it is. */
  @Test
  void nnUNetsMayBeAnisotropic() {
    Graph graph =
        NnUNet.builder()
            .features(4, 8, 8)
            .kernels(new long[] {1, 3, 3}, new long[] {3, 3, 3}, new long[] {3, 3, 3})
            .strides(new long[] {1, 1, 1}, new long[] {1, 2, 2}, new long[] {2, 2, 2})
            .build();
    assertEquals(
        Map.of("logits", Shape.of(1, 2, 6, 16, 8), "logits1", Shape.of(1, 2, 6, 8, 4)),
        graph.outputShapes(Map.of("image", Shape.of(1, 1, 6, 16, 8))));
    assertTrue(
        graph.parameters().stream()
            .anyMatch(
                each ->
                    each.name().equals("encoder.stages.0.0.convs.1.conv.weight")
                        && each.shape().equals(Shape.of(4, 4, 1, 3, 3))));
  }

  static Stream<Arguments> small() {
    return Stream.of(
        Arguments.of("3D U-Net", UNet3d.builder().features(4).levels(2).build(), 3, 24),
        Arguments.of("nnU-Net", NnUNet.builder().features(6, 8, 10).build(), 1, 16),
        Arguments.of("benchmarked", benchmarked().features(8, 12, 16).build(), 1, 16),
        Arguments.of("VoxelMorph pooled", VoxelMorph.pooled().build(), 1, 32),
        Arguments.of("VoxelMorph strided", VoxelMorph.strided().build(), 1, 32),
        Arguments.of("VoxelMorph 2018", VoxelMorph.cvpr2018().build(), 1, 32),
        Arguments.of("MeshNet", MeshNet.builder().norm(MeshNet.Norm.BATCH).build(), 1, 20),
        Arguments.of("MindGrab", MeshNet.mindGrab().build(), 1, 20));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("small")
  void runsAreFiniteAndTheSameForAnyThreads(String name, Graph graph, long channels, long size) {
    Shape shape = Shape.of(1, channels, size, size + (size % 16 == 0 ? 16 : 0), size);
    Map<String, float[]> one = run(graph, shape, 1);
    Map<String, float[]> two = run(graph, shape, 2);
    one.forEach(
        (output, values) -> {
          double squares = 0;
          for (float value : values) {
            assertTrue(Float.isFinite(value), output);
            squares += value * value;
          }
          assertTrue(squares > 0, output + " is all 0");
          assertArrayEquals(values, two.get(output), output);
        });
  }

  private static Map<String, float[]> run(Graph graph, Shape shape, int threads) {
    try (Context context = Context.builder().threads(threads).build()) {
      Map<String, Shape> shapes = new LinkedHashMap<>();
      Map<String, Tensor> inputs = new LinkedHashMap<>();
      Random random = new Random(3);
      for (String input : graph.inputs().keySet()) {
        float[] values = new float[Math.toIntExact(shape.elementCount())];
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) random.nextGaussian();
        }
        shapes.put(input, shape);
        inputs.put(input, Tensor.of(context, values, shape.toArray()));
      }
      Executable executable =
          graph.compile(context, Weights.initialize(graph, context, 11), shapes);
      Map<String, float[]> results = new LinkedHashMap<>();
      executable
          .run(inputs)
          .forEach((output, tensor) -> results.put(output, tensor.toFloatArray()));
      return results;
    }
  }

  private static void refused(String message, org.junit.jupiter.api.function.Executable action) {
    String given = assertThrows(IllegalArgumentException.class, action).getMessage();
    assertTrue(given.contains(message), given);
  }

  @Test
  void layoutsThatDoNotFitAreRefused() {
    refused("levels [0]", () -> UNet3d.builder().levels(0).build());
    refused("one stage", () -> NnUNet.builder().features(32).build());
    refused(
        "kernels must be odd",
        () ->
            NnUNet.builder()
                .features(8, 8)
                .kernels(new long[] {3, 3, 3}, new long[] {2, 3, 3})
                .build());
    refused("each of the 6 stages", () -> NnUNet.builder().strides(new long[] {1, 1, 1}).build());
    refused("decoder of 1", () -> VoxelMorph.pooled().decoder(8).build());
    refused("up to 16", () -> VoxelMorph.pooled().integrationDownsize(3).build());
    refused("21 integration steps", () -> VoxelMorph.pooled().integrationSteps(21).build());
    refused("dilations []", () -> MeshNet.builder().dilations().build());
    refused("a dropout of 1.0", () -> MeshNet.builder().dropout(1).build());
  }
}
