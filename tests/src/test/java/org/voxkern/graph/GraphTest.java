package org.voxkern.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.voxkern.Context;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.network.VoxelMorph;
import org.voxkern.op.Conv3d;
import org.voxkern.op.Conv3dTransposed;

class GraphTest {
  private static void assertFails(String message, Executable action) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, action).getMessage());
  }

  @Test
  void shapesAreExpressions() {
    Value image = Graph.builder().input("image", "N", 1, "D", "H", "W");
    assertEquals(
        "(N, 8, floor((D + 1) / 2), floor((H + 1) / 2), floor((W + 1) / 2))",
        image.conv3d(8, 3, 2).shape().toString());
    assertEquals(image.maxPool(4).shape(), image.maxPool(2).maxPool(2).shape());
    assertEquals("(N, D H W)", image.flatten().shape().toString());
  }

  @Test
  void axesThatStayMayBeSymbols() {
    Value x = Graph.builder().input("x", "N", 4, "D", 2);
    assertEquals("(N, 8 D)", x.reshape(0, -1).shape().toString());
    assertEquals("(N, 2, 4 D)", x.reshape(0, 2, -1).shape().toString());
    assertFails(
        "node 'reshape2' (reshape) cannot take (N, 4, D, 2): what is left beside M elements cannot be said",
        () -> x.reshape(Size.symbol("M"), -1));
    assertEquals("(N, D)", x.slice(1, 0, 1).slice(3, 1, 2).squeeze(1, -1).shape().toString());
    assertFails(
        "node 'squeeze1' (squeeze) cannot take (N, 4, D, 2): axis 1 has size 4, expected 1",
        () -> x.squeeze(1));
  }

  @Test
  void aPartOfAGraphHasWhatItsOutputsNeed() {
    Graph.Builder builder = Graph.builder();
    Value a = builder.input("a", 1, 2, 4, 4, 4);
    Value b = builder.input("b", 1, 2, 4, 4, 4);
    Value sum = a.as("conv").conv3d(2, 3).add(b.relu());
    Graph part = builder.build(Map.of("half", builder.value("conv")), Set.of());
    assertEquals(Set.of("a"), part.inputs().keySet());
    assertEquals(List.of("a", "conv.weight", "conv.bias", "conv"), names(part));
    Graph kept = builder.build(Map.of("half", a.relu()), Set.of("b"));
    assertEquals(Set.of("a", "b"), kept.inputs().keySet());
    assertFails("the graph has no output", () -> builder.build(Map.of(), Set.of()));
    // The builder goes on.
    assertEquals(Set.of("sum"), builder.output("sum", sum).build().outputs().keySet());
  }

  private static List<String> names(Graph graph) {
    return graph.nodes().stream().map(Node::name).toList();
  }

  @Test
  void nodesAndParametersAreNamedByTheirScopes() {
    Graph.Builder builder = Graph.builder();
    Value x = builder.input("x", 1, 2, 4, 4, 4);
    try (var stage = builder.scope("stage1")) {
      x = x.as("conv0").conv3d(4, 3).relu().relu();
    }
    assertEquals("stage1.relu1", x.name());
    Graph graph = builder.output("y", x).build();
    assertEquals(
        List.of("stage1.conv0.weight", "stage1.conv0.bias"),
        graph.parameters().stream().map(Parameter::name).toList());
    Value taken = builder.input("z", 1);
    assertFails("there is a node 'stage1.conv0' already", () -> taken.as("stage1.conv0").relu());
  }

  @Test
  void errorsNameTheNodeAndTheShapes() {
    Graph.Builder builder = Graph.builder();
    Value a = builder.input("a", "N", 4, "D", 8, 8);
    Value b = builder.input("b", "N", 4, "D", 9, 8);
    Value flat = builder.input("flat", "N", "D");
    assertFails(
        "node 'sum' (add) cannot take (N, 4, D, 8, 8) and (N, 4, D, 9, 8): shapes (N, 4, D, 8, 8)"
            + " and (N, 4, D, 9, 8) do not broadcast",
        () -> a.as("sum").add(b));
    assertFails(
        "node 'concat0' (concat) cannot take (N, 4, D, 8, 8) and (N, 4, D, 9, 8): sizes differ"
            + " along axis 3",
        () -> a.concat(1, b));
    assertFails(
        "node 'deep' (max_pool) cannot take (N, 4, D, 8, 8): a window over 9 voxels does not fit"
            + " into 8 with the padding",
        () -> a.as("deep").maxPool(9));
    assertFails(
        "node 'group_norm0' (group_norm) cannot take (N, 4, D, 8, 8) and (4) and (4): the channels"
            + " are no multiple of 3 groups",
        () -> a.groupNorm(3));
    assertFails(
        "node 'up' after 'flat': axis 1 of shape (N, D) must be a number, not a symbol",
        () -> flat.as("up").instanceNorm());
    assertFails(
        "node 'grouped' after 'a' (N, 4, D, 8, 8): 5 channels in 2 groups and a kernel of [2, 2,"
            + " 2], expected a multiple of the groups, and sizes along z, y, x",
        () ->
            a.as("grouped")
                .conv3dTransposed(
                    5, new long[] {2, 2, 2}, Conv3dTransposed.builder().groups(2).build(), false));
    assertFails(
        "node 'flat' after 'a' (N, 4, D, 8, 8): 4 channels in 1 groups and a kernel of [3, 3],"
            + " expected a multiple of the groups, and sizes along z, y, x",
        () -> a.as("flat").conv3d(8, new long[] {3, 3}, Conv3d.builder().build(), true));
    // None of the mistakes left a trace.
    assertEquals(3, builder.output("a", a).build().nodes().size());
  }

  @Test
  void whatIsUndecidedIsCheckedWhenCompiled() {
    Graph graph = VoxelMorph.pooled().build();
    try (Context context = Context.create()) {
      Weights weights = Weights.initialize(graph, context, 1);
      Shape odd = Shape.of(1, 1, 16, 17, 16);
      String message =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> graph.compile(context, weights, Map.of("moving", odd, "fixed", odd)))
              .getMessage();
      assertTrue(
          message.contains("(concat) cannot take (1, 32, 16, 16, 16) and (1, 16, 16, 17, 16)"),
          message);
      assertFails(
          "input 'fixed' is (N, 1, D, H, W) and cannot take (1, 1, 16, 16, 16), with {N=1, D=16,"
              + " H=17, W=16}",
          () ->
              graph.compile(
                  context, weights, Map.of("moving", odd, "fixed", Shape.of(1, 1, 16, 16, 16))));
    }
  }

  @Test
  void weightsThatDoNotFitAreNamed() {
    Graph.Builder builder = Graph.builder();
    Value x = builder.input("x", 1, 1, 2, 2, 2);
    Graph graph = builder.output("y", x.as("conv").conv3d(2, 1)).build();
    try (Context context = Context.create()) {
      Weights weights = Weights.initialize(graph, context, 3);
      assertArrayEquals(
          weights.get("conv.weight").toFloatArray(),
          Weights.initialize(graph, context, 3).get("conv.weight").toFloatArray());
      Map<String, Tensor> named = new HashMap<>();
      named.put("conv.weight", weights.get("conv.weight"));
      named.put("conv.scale", weights.get("conv.bias"));
      assertFails(
          "the weights do not fit the graph: missing [conv.bias], unknown [conv.scale]",
          () -> Weights.of(graph, named));
      assertFails(
          "parameter 'conv.bias' is F32 (2) and cannot take Tensor F32 (3)",
          () -> weights.set("conv.bias", Tensor.of(context, new float[3], 3)));
      assertFails(
          "parameter 'conv.bias' has NaN at element 1",
          () -> weights.set("conv.bias", Tensor.of(context, new float[] {0, Float.NaN}, 2)));
      assertFails(
          "there is no parameter 'conv' among [conv.weight, conv.bias]", () -> weights.get("conv"));
      weights.get("conv.weight").buffer().putFloat(0, Float.POSITIVE_INFINITY);
      assertFails(
          "parameter 'conv.weight' has Infinity at element 0",
          () -> graph.compile(context, weights, Map.of("x", Shape.of(1, 1, 2, 2, 2))));
    }
  }
}
