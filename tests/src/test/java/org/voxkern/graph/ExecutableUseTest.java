package org.voxkern.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.voxkern.graph.ExecutableTest.empty;
import static org.voxkern.graph.ExecutableTest.input;
import static org.voxkern.graph.ExecutableTest.random;
import static org.voxkern.graph.ExecutableTest.smallUnet;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.voxkern.Context;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;

/** Executables in the hands of threads, scopes, and those who give them something else. */
class ExecutableUseTest {
  @Test
  void runsOfSeveralThreadsWaitForEachOther() throws Exception {
    Graph graph = smallUnet();
    try (Context context = Context.builder().threads(1).build()) {
      Weights weights = Weights.initialize(graph, context, 1);
      Shape shape = Shape.of(1, 1, 8, 8, 8);
      Executable executable = graph.compile(context, weights, Map.of("image", shape));
      List<Callable<Boolean>> runs = new ArrayList<>();
      for (int thread = 0; thread < 2; thread++) {
        float[] values = random(shape.elementCount(), thread);
        Tensor input = Tensor.of(context, values, shape.toArray());
        Tensor output = empty(context, 1, 2, 8, 8, 8);
        float[] alone = executable.run(input).toFloatArray();
        runs.add(
            () -> {
              boolean same = true;
              for (int round = 0; round < 50; round++) {
                executable.run(Map.of("image", input), Map.of("logits", output));
                same &= Arrays.equals(alone, output.toFloatArray());
              }
              return same;
            });
      }
      ExecutorService threads = Executors.newFixedThreadPool(2);
      try {
        for (Future<Boolean> same : threads.invokeAll(runs)) {
          assertTrue(same.get());
        }
      } finally {
        threads.shutdown();
      }
    }
  }

  @Test
  void mistakesOfARunNameTheNode() {
    Operation failing =
        new Operation() {
          @Override
          public String type() {
            return "failing";
          }

          @Override
          public SymbolicShape outputShape(List<SymbolicShape> inputs) {
            return inputs.get(0);
          }

          @Override
          public void run(List<Tensor> inputs, Tensor output) {
            throw new IllegalArgumentException("not this one");
          }
        };
    Graph.Builder builder = Graph.builder();
    Graph graph = builder.output("y", builder.input("x", 2).as("last").apply(failing)).build();
    try (Context context = Context.create()) {
      Weights none = Weights.initialize(graph, context, 0);
      Executable executable = graph.compile(context, none, Map.of("x", Shape.of(2)));
      Tensor x = Tensor.of(context, new float[2], 2);
      String message =
          assertThrows(IllegalArgumentException.class, () -> executable.run(x)).getMessage();
      assertEquals("node 'last': not this one", message);
    }
  }

  @Test
  void refusesWhatDoesNotFitAndLivesInItsScope() {
    Graph graph = smallUnet();
    try (Context context = Context.create()) {
      Weights weights = Weights.initialize(graph, context, 1);
      Shape shape = Shape.of(1, 1, 4, 4, 4);
      Executable executable;
      Tensor image = input(context, shape);
      long before = context.memory().inUse();
      try (Scope scope = Scope.open(context)) {
        executable = graph.compile(scope.context(), weights, Map.of("image", shape));
        String message =
            assertThrows(
                    IllegalArgumentException.class,
                    () -> executable.run(input(context, Shape.of(1, 1, 4, 4, 6))))
                .getMessage();
        assertTrue(message.startsWith("input 'image' is F32 (1, 1, 4, 4, 4)"), message);
        Map<String, Tensor> given = Map.of("image", image);
        assertThrows(
            IllegalArgumentException.class, () -> executable.run(given, Map.of("other", image)));
        Tensor logits = empty(context, 1, 2, 4, 4, 4);
        long held = context.memory().inUse();
        executable.run(given, Map.of("logits", logits));
        assertEquals(held, context.memory().inUse());
      }
      assertEquals(before, context.memory().inUse());
      assertThrows(IllegalStateException.class, () -> executable.run(image));
    }
  }
}
