package org.voxkern.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.voxkern.Context;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.network.NnUNet;
import org.voxkern.network.VoxelMorph;
import org.voxkern.op.Resize;

class SplitConvolutionTest {
  /**
   * What the process takes beside, seen at most: the virtual machine, libraries, scratch memory.
   */
  private static final long PROCESS = 256L << 20;

  /** Two levels, whose finest joined pair is the most. */
  private static Graph unet(boolean skipFirst) {
    Graph.Builder builder = Graph.builder();
    Value image = builder.input("image", "N", 1, "D", "H", "W");
    Value fine = image.as("fine").conv3d(32, 3).as("norm").instanceNorm().leakyRelu(0.01);
    Value coarse = fine.as("coarse").conv3d(40, 3, 2).relu();
    Value up = coarse.as("up").conv3dTransposed(32, 2);
    Value joined = skipFirst ? fine.concat(1, up) : up.concat(1, fine);
    Value merged = joined.as("merged").conv3d(32, 3).as("norm1").instanceNorm().leakyRelu(0.01);
    return builder.output("logits", merged.as("head").conv3d(2, 1)).build();
  }

  /** What two convolutions make at full resolution is more than any other. */
  private static Graph enlarging() {
    Graph.Builder builder = Graph.builder();
    Value image = builder.input("image", "N", 2, "D", "H", "W");
    Value coarse = image.as("coarse").conv3d(20, 3, 2).relu();
    Value large = coarse.enlarge(Resize.Mode.NEAREST, 2).concat(1, image);
    Value fine = large.as("fine").conv3d(32, 3).leakyRelu(0.2);
    return builder.output("out", fine.as("last").conv3d(8, 3).relu().tanh()).build();
  }

  private static void assertNear(float[] expected, float[] actual, double bound) {
    assertEquals(expected.length, actual.length);
    double largest = 0;
    double off = 0;
    for (int i = 0; i < actual.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      off = Math.max(off, Math.abs((double) expected[i] - actual[i]));
    }
    assertTrue(largest > 0);
    assertTrue(off <= bound * largest, off + " of " + largest);
  }

  private static void assertSplit(Graph graph, Shape shape, List<String> steps, double memory) {
    List<float[]> results = new ArrayList<>();
    for (int threads = 1; threads <= 2; threads++) {
      try (Context context = Context.builder().threads(threads).build();
          Scope scope = Scope.open(context)) {
        Weights weights = Weights.initialize(graph, scope.context(), 5);
        Map<String, Shape> shapes = Map.of("image", shape);
        Executable split = graph.compile(context, weights, shapes);
        Executable plain = graph.compile(context, weights, shapes, Graph.Compilation.AS_BUILT);
        assertEquals(steps, split.steps());
        assertTrue(
            split.peakBytes() < memory * plain.peakBytes(),
            split.peakBytes() + " of " + plain.peakBytes());
        Tensor input = ExecutableTest.input(context, shape);
        results.add(split.run(input).toFloatArray());
        assertNear(plain.run(input).toFloatArray(), results.get(0), 2e-5);
        assertArrayEquals(results.get(0), split.run(input).toFloatArray());
      }
    }
    assertArrayEquals(results.get(0), results.get(1));
  }

  @Test
  void theSkipIsConvolvedBeforeTheOtherHalfExists() {
    List<String> steps =
        List.of("fine", "norm", "coarse", "merged.part1", "up", "merged", "norm1", "head");
    for (boolean skipFirst : List.of(true, false)) {
      for (long batch = 1; batch <= 2; batch++) {
        assertSplit(unet(skipFirst), Shape.of(batch, 1, 8, 10, 12), steps, 0.8);
      }
    }
  }

  @Test
  void whatOneConvolutionReadsIsMadeByHalves() {
    List<String> steps =
        List.of(
            "coarse",
            "fine.enlarged.part1",
            "fine.part1",
            "last.part1",
            "fine.enlarged",
            "fine",
            "last",
            "tanh0");
    assertSplit(enlarging(), Shape.of(1, 2, 8, 10, 12), steps, 0.8);
  }

  /** Nothing is gained where another place needs as much, and a pointwise product is too short. */
  @Test
  void whatGainsNothingStays() {
    Graph.Builder builder = Graph.builder();
    Value image = builder.input("image", 1, 32, "D", "H", "W");
    Value joined = image.tanh().concat(1, image.sigmoid());
    Value first = joined.as("first").conv3d(64, 1);
    Value second = joined.as("second").conv3d(64, 3);
    Graph graph = builder.output("sum", first.add(second)).build();
    try (Context context = Context.create()) {
      Executable executable =
          graph.compile(
              context,
              Weights.initialize(graph, context, 1),
              Map.of("image", Shape.of(1, 32, 4, 5, 6)));
      assertFalse(executable.steps().toString().contains("."), executable.steps().toString());
    }
  }

  /** Each of these gains a quarter of the peak for much of its time. */
  @Test
  void aChainOfAlikeConvolutionsStays() {
    Graph.Builder builder = Graph.builder();
    Value x = builder.input("image", 1, 32, "D", "H", "W");
    for (int layer = 0; layer < 6; layer++) {
      x = x.conv3d(32, 3).relu();
    }
    Graph graph = builder.output("last", x.conv3d(1, 1)).build();
    try (Context context = Context.create()) {
      Executable executable =
          graph.compile(
              context,
              Weights.initialize(graph, context, 1),
              Map.of("image", Shape.of(1, 32, 4, 5, 6)));
      assertEquals(7, executable.steps().size(), executable.steps().toString());
    }
  }

  /** Random networks of wide values, some joined, all read once or more. */
  private static Graph randomGraph(Random random) {
    Graph.Builder builder = Graph.builder();
    List<Value> values = new ArrayList<>();
    values.add(builder.input("image", "N", 32, 3, 3, 5));
    for (int step = 0; step < 14; step++) {
      Value x = values.get(values.size() - 1 - random.nextInt(Math.min(3, values.size())));
      Value y = values.get(random.nextInt(values.size()));
      values.add(
          switch (random.nextInt(7)) {
            case 0 -> x.conv3d(32, 3);
            case 1 -> x.conv3d(40, 3).relu().conv3d(32, 3).add(y);
            case 2 -> x.concat(1, y).conv3d(32, 3).instanceNorm();
            case 3 -> x.conv3d(64, 3).instanceNorm().leakyRelu(0.1).conv3d(32, 3);
            case 4 -> x.tanh().concat(1, y, x.sigmoid()).conv3d(32, 3);
            case 5 -> x.conv3dTransposed(48, 1).concat(1, y).conv3d(32, 3).relu();
            default -> x.instanceNorm();
          });
    }
    return builder.output("last", values.get(values.size() - 1)).build();
  }

  @Test
  void randomNetworksGiveTheSame() {
    Random random = new Random(8);
    int splits = 0;
    for (int round = 0; round < 30; round++) {
      Graph graph = randomGraph(random);
      Shape shape = Shape.of(1 + round % 2, 32, 3, 3, 5);
      try (Context context = Context.builder().threads(1).build()) {
        Weights weights = Weights.initialize(graph, context, round);
        Map<String, Shape> shapes = Map.of("image", shape);
        Tensor input = ExecutableTest.input(context, shape);
        Executable split = graph.compile(context, weights, shapes);
        Executable plain = graph.compile(context, weights, shapes, Graph.Compilation.AS_BUILT);
        splits += split.steps().toString().contains(".part") ? 1 : 0;
        assertTrue(split.peakBytes() <= plain.peakBytes());
        assertNear(plain.run(input).toFloatArray(), split.run(input).toFloatArray(), 1e-4);
      }
    }
    assertTrue(splits > 3, splits + " of 30");
  }

  /** Bytes that a network takes with its inputs and outputs, and those of its values. */
  private static void assertFits(Graph graph, Shape image, long values, long process) {
    try (Context context = Context.create();
        Scope scope = Scope.open(context)) {
      Map<String, Shape> shapes = new LinkedHashMap<>();
      graph.inputs().keySet().forEach(input -> shapes.put(input, image));
      Weights weights = Weights.initialize(graph, scope.context(), 1);
      Program program =
          Compiler.program(graph, context, weights, shapes, Graph.Compilation.OPTIMISED);
      long planned = new Buffers(program, context).plan().bytes();
      assertTrue(planned <= values + 4096, planned + ", expected " + values);
      MemoryNeed need = graph.memoryNeed(context, weights, shapes);
      long caller = shapes.size() * image.elementCount() * Float.BYTES;
      Shape[] nodes = Inference.shapes(graph, shapes);
      for (Node output : graph.outputs().values()) {
        caller += nodes[output.index()].elementCount() * Float.BYTES;
      }
      // The budget's blocks are rounded up; of the largest only what is written is in memory.
      long all = need.total() - need.values() + planned + caller + PROCESS;
      assertTrue(all <= process, need + ", callers' " + caller + ", " + all);
    }
  }

  @Test
  void theNetworksOfTheBenchmarkFit() {
    long mib = 1L << 20;
    long channel = 4L * 128 * 128 * 128;
    assertFits(
        NnUNet.builder().classes(3).features(32, 64, 128, 256, 320).deepSupervision(false).build(),
        Shape.of(1, 1, 128, 128, 128),
        // Skip, sum and what the other half is made of.
        (32 + 32 + 8) * channel,
        1331 * mib);
    channel = 4L * 160 * 192 * 224;
    assertFits(
        VoxelMorph.strided().build(),
        Shape.of(1, 1, 160, 192, 224),
        // Sum, one half, what both halves are made of, the images.
        (16 + 16 + 4 + 2) * channel,
        1536 * mib);
  }
}
