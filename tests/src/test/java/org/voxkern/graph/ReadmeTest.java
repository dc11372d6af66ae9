package org.voxkern.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.testing.Project;

/** The example of README.md is this code. */
class ReadmeTest {
  private static void runExample() {
    // Example begins.
    Graph.Builder builder = Graph.builder();
    Value image = builder.input("image", "N", 1, "D", "H", "W");
    Value fine = image.as("fine").conv3d(16, 3).instanceNorm().leakyRelu(0.01);
    Value coarse = fine.as("coarse").conv3d(32, 3, 2).instanceNorm().leakyRelu(0.01);
    Value up = coarse.as("up").conv3dTransposed(16, 2);
    Value classes = fine.concat(1, up).as("head").conv3d(3, 1).softmax(1);
    Graph graph = builder.output("classes", classes).build();

    try (Context context = Context.create();
        Scope scope = Scope.open(context)) {
      Weights weights = Weights.initialize(graph, context, 42);
      Shape patch = Shape.of(1, 1, 64, 64, 64);
      Executable executable = graph.compile(context, weights, Map.of("image", patch));
      Tensor result = executable.run(Tensor.zeros(context, ElementType.F32, patch));
      // Example ends.
      assertEquals(Shape.of(1, 3, 64, 64, 64), result.shape());
      float[] probabilities = result.toFloatArray();
      int voxels = 64 * 64 * 64;
      for (int voxel = 0; voxel < voxels; voxel++) {
        float sum =
            probabilities[voxel]
                + probabilities[voxels + voxel]
                + probabilities[2 * voxels + voxel];
        assertEquals(1, sum, 1e-5);
      }
    }
  }

  @Test
  void theExampleRunsAndIsTheReadmes() throws Exception {
    runExample();
    Path source = Project.root().resolve("tests/src/test/java/org/voxkern/graph/ReadmeTest.java");
    String code = Files.readString(source);
    String example =
        code.substring(code.indexOf("begins.\n") + 8, code.indexOf("      // Example ends"));
    String shown =
        example
            .lines()
            .map(line -> line.replaceFirst("^ {4}", ""))
            .collect(Collectors.joining("\n"));
    assertTrue(
        Files.readString(Project.root().resolve("README.md")).contains(shown),
        "README.md does not have the example:\n" + shown);
  }
}
