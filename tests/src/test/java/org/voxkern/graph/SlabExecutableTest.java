package org.voxkern.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Activation;
import org.voxkern.op.Conv3d;

class SlabExecutableTest {
  private final Context context = Context.builder().threads(2).build();

  @AfterEach
  void close() {
    context.close();
  }

  private static Value dilated(Value from, String name, long channels, long dilation) {
    Conv3d convolution =
        Conv3d.builder()
            .dilation(dilation, dilation, dilation)
            .padding(dilation, dilation, dilation)
            .build();
    return from.as(name).conv3d(channels, new long[] {3, 3, 3}, convolution, true);
  }

  /** Dilated convolutions, fused and other activations, an uneven kernel, strides in the plane. */
  private static Graph chain() {
    Graph.Builder builder = Graph.builder();
    Value value = builder.input("image", "N", 2, "D", "H", "W");
    value = dilated(value, "a", 5, 1).relu();
    value = dilated(value, "b", 4, 4).activation(Activation.elu(1));
    value = value.dropout();
    value = dilated(value, "c", 6, 2).as("norm").batchNorm().leakyRelu(0.1);
    Conv3d uneven =
        Conv3d.builder()
            .paddingBegin(1, 0, 1)
            .paddingEnd(0, 1, 1)
            .stride(1, 2, 1)
            .dilation(1, 1, 2)
            .build();
    value = value.as("d").conv3d(3, new long[] {2, 2, 2}, uneven, false).gelu();
    return builder.output("scores", value.as("head").conv3d(2, 1)).build();
  }

  private static float[] whole(Graph graph, Context context, Weights weights, Tensor image) {
    return graph
        .compile(context, weights, Map.of("image", image.shape()))
        .run(image)
        .toFloatArray();
  }

  private static float[] slabs(SlabExecutable executable, Tensor image, Shape output) {
    float[] all = new float[(int) output.elementCount()];
    int plane = (int) (output.size(3) * output.size(4));
    int depth = (int) output.size(2);
    long[] next = {0};
    executable.run(
        image,
        (first, slices) -> {
          assertEquals(next[0], first);
          int count = (int) slices.shape().size(2);
          next[0] += count;
          float[] values = slices.toFloatArray();
          for (int c = 0; c < output.size(1); c++) {
            System.arraycopy(
                values, c * count * plane, all, (c * depth + (int) first) * plane, count * plane);
          }
        });
    assertEquals(depth, next[0]);
    return all;
  }

  @ParameterizedTest
  @CsvSource({"1,23", "3,23", "8,23", "8,24", "16,23", "40,23", "4,1", "5,3"})
  void equalsTheWholeVolume(long slab, long depth) {
    Graph graph = chain();
    Weights weights = Weights.initialize(graph, context, 3);
    Shape shape = Shape.of(1, 2, depth, 14, 18);
    Tensor image = ExecutableTest.input(context, shape);
    float[] expected = whole(graph, context, weights, image);
    Shape output = graph.outputShapes(Map.of("image", shape)).get("scores");
    try (SlabExecutable executable = SlabExecutable.compile(graph, context, weights, shape, slab)) {
      float[] once = slabs(executable, image, output);
      double largest = 0;
      for (float value : expected) {
        largest = Math.max(largest, Math.abs(value));
      }
      for (int i = 0; i < expected.length; i++) {
        assertEquals(expected[i], once[i], 2e-5 * largest, "element " + i);
      }
      assertArrayEquals(once, slabs(executable, image, output), "a second run");
    }
  }

  @Test
  void doesNotDependOnThreads() {
    Graph graph = chain();
    Shape shape = Shape.of(1, 2, 33, 30, 34);
    float[][] results = new float[2][];
    for (int threads = 1; threads <= 2; threads++) {
      try (Context own = Context.builder().threads(threads).build()) {
        Weights weights = Weights.initialize(graph, own, 3);
        SlabExecutable executable = SlabExecutable.compile(graph, own, weights, shape, 8);
        results[threads - 1] =
            slabs(
                executable,
                ExecutableTest.input(own, shape),
                graph.outputShapes(Map.of("image", shape)).get("scores"));
      }
    }
    assertArrayEquals(results[0], results[1]);
  }

  @Test
  void takesTheMemoryThatWasSaidBefore() {
    Graph graph = chain();
    Shape shape = Shape.of(1, 2, 96, 64, 64);
    try (Context fresh = Context.builder().threads(2).build()) {
      Weights weights = Weights.initialize(graph, fresh, 3);
      Tensor image = ExecutableTest.input(fresh, shape);
      long need = SlabExecutable.memoryNeed(graph, fresh, weights, shape, 16);
      long before = fresh.memory().inUse();
      try (Scope scope = Scope.open(fresh)) {
        SlabExecutable executable = SlabExecutable.compile(graph, fresh, weights, shape, 16);
        executable.run(image, (first, slices) -> {});
        executable.close();
      }
      long taken = fresh.memory().highWater() - before;
      assertTrue(taken < need + 1_000_000 && taken > need / 2, taken + " taken, said " + need);
      assertEquals(before, fresh.memory().inUse());
      long whole = graph.memoryNeed(fresh, weights, Map.of("image", shape)).total();
      assertTrue(need < whole * 0.7, need + " bytes by slabs, " + whole + " as a whole");
    }
  }

  @Test
  void whatIsNotLocalIsRefusedWithAReason() {
    Graph.Builder norm = Graph.builder();
    Value image = norm.input("image", "N", 1, "D", "H", "W");
    refuse(norm.output("o", image.conv3d(2, 3).as("norm").instanceNorm()).build(), "'norm'");
    Graph.Builder branch = Graph.builder();
    Value from = branch.input("image", "N", 1, "D", "H", "W");
    Value a = from.as("a").conv3d(2, 3);
    refuse(branch.output("o", a.concat(1, from)).build(), "concat");
    Graph.Builder strided = Graph.builder();
    Value deep = strided.input("image", "N", 1, "D", "H", "W");
    refuse(strided.output("o", deep.as("half").conv3d(2, 3, 2)).build(), "'half'");
    Graph graph = chain();
    Weights weights = Weights.initialize(graph, context, 3);
    Shape shape = Shape.of(1, 2, 9, 14, 18);
    assertEquals(Optional.empty(), SlabExecutable.refusal(graph, context, weights, shape));
    assertThrows(
        IllegalArgumentException.class,
        () -> SlabExecutable.compile(graph, context, weights, shape, 0));
    SlabExecutable executable = SlabExecutable.compile(graph, context, weights, shape, 4);
    Tensor other = Tensor.zeros(context, ElementType.F32, Shape.of(1, 2, 9, 14, 17));
    assertTrue(
        assertThrows(
                IllegalArgumentException.class, () -> executable.run(other, (first, slices) -> {}))
            .getMessage()
            .contains("(1, 2, 9, 14, 18)"));
  }

  private void refuse(Graph graph, String word) {
    Weights weights = Weights.initialize(graph, context, 1);
    Shape shape = Shape.of(1, 1, 8, 8, 8);
    String reason = SlabExecutable.refusal(graph, context, weights, shape).orElseThrow();
    assertTrue(reason.contains(word), reason);
    assertTrue(
        assertThrows(
                UnsupportedOperationException.class,
                () -> SlabExecutable.compile(graph, context, weights, shape, 4))
            .getMessage()
            .contains(word));
  }
}
