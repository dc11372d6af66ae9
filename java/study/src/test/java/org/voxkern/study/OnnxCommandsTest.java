package org.voxkern.study;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Graph;
import org.voxkern.graph.Value;
import org.voxkern.graph.Weights;
import org.voxkern.onnx.OnnxExport;
import org.voxkern.op.Convert;

/** {@code run-onnx}, {@code onnx-test} and the arrays that they read and write. */
class OnnxCommandsTest {
  @TempDir Path folder;
  private Path model;

  @BeforeEach
  void writeModel() throws IOException {
    model = folder.resolve("model.onnx");
    Graph.Builder builder = Graph.builder();
    Value a = builder.input("a", "N", 1, "D", "H", "W");
    Value b = builder.input("b", "N", 1, "D", "H", "W");
    Graph graph = builder.output("sum", a.add(b)).output("largest", a.maxPool(2)).build();
    try (Context context = Context.create()) {
      OnnxExport.write(graph, Weights.initialize(graph, context, 1), model);
    }
  }

  private Path array(String name, float... values) throws IOException {
    Path file = folder.resolve(name);
    try (Context context = Context.create()) {
      Npy.write(file, Tensor.of(context, values, 2, 2, values.length / 4));
    }
    return file;
  }

  @Test
  void runsAModel() throws IOException {
    Path a = array("a.npy", 1, 2, 3, 4, 5, 6, 7, 8);
    Path b = array("b.npy", 10, 20, 30, 40, 50, 60, 70, 80);
    Path out = folder.resolve("out");
    CommandLineResult result = CommandLineResult.of("run-onnx", model, "b=" + b, a, "--out", out);
    assertEquals(0, result.code(), result::err);
    assertTrue(result.out().contains("sum: f32 (1, 1, 2, 2, 2), 11.0000 to 88.0000"), result::out);
    try (Context context = Context.create()) {
      Tensor sum = Npy.read(context, out.resolve("sum.npy"));
      assertArrayEquals(new float[] {11, 22, 33, 44, 55, 66, 77, 88}, sum.toFloatArray());
      Tensor largest = Npy.read(context, out.resolve("largest.npy"));
      assertArrayEquals(new float[] {8}, largest.toFloatArray());
    }
  }

  @Test
  void saysWhatIsWrong() throws IOException {
    Path a = array("a.npy", 1, 2, 3, 4, 5, 6, 7, 8);
    Path wide = array("wide.npy", new float[16]);
    refuses("model has [a, b]", "run-onnx", model, a);
    refuses("given already", "run-onnx", model, a, a, a);
    refuses("(1, 1, 2, 2, 4)", "run-onnx", model, a, wide);
    refuses("no such file", "run-onnx", model, a, folder.resolve("none.npy"));
    refuses("no such file", "run-onnx", folder.resolve("none.onnx"));
    Path broken = folder.resolve("broken.onnx");
    Files.write(broken, new byte[] {1, 2, 3});
    refuses("broken.onnx", "run-onnx", broken, a);
    assertFalse(Files.exists(folder.resolve("out")));
  }

  private static void refuses(String part, Object... arguments) {
    CommandLineResult result = CommandLineResult.of(arguments);
    assertEquals(Main.BAD_INPUT, result.code(), result::err);
    assertTrue(result.err().contains(part), result::err);
  }

  @Test
  void testsAreCountedAndWrongOnesFail() throws IOException {
    Path tests = folder.resolve("tests");
    for (String name : new String[] {"test_good", "test_broken"}) {
      Files.createDirectories(tests.resolve(name).resolve("test_data_set_0"));
    }
    Files.copy(model, tests.resolve("test_good").resolve("model.onnx"));
    Files.write(tests.resolve("test_broken").resolve("model.onnx"), new byte[] {9});
    CommandLineResult result = CommandLineResult.of("onnx-test", tests);
    assertEquals(1, result.code());
    assertTrue(result.out().contains("0 passed, 0 refused, 2 wrong of 2 tests"), result::out);
    assertTrue(result.out().contains("wrong    test_broken: "), result::out);
    refuses(
        "no folders with a model.onnx", "onnx-test", Files.createDirectory(tests.resolve("no")));
  }

  @Test
  void arraysComeBackAndBrokenOnesAreRefused() throws IOException {
    try (Context context = Context.create()) {
      for (ElementType type : ElementType.values()) {
        if (type == ElementType.BF16) {
          continue;
        }
        for (Shape shape : new Shape[] {Shape.of(), Shape.of(3), Shape.of(2, 0, 4)}) {
          float[] numbers = new float[(int) shape.elementCount()];
          Arrays.fill(numbers, 1);
          Tensor tensor = Convert.to(Tensor.of(context, numbers, shape.toArray()), type);
          Path file = folder.resolve("array.npy");
          Npy.write(file, tensor);
          assertEquals(0, (Files.size(file) - tensor.byteCount()) % 64);
          Tensor read = Npy.read(context, file);
          assertEquals(type, read.type());
          assertEquals(shape, read.shape());
          assertEquals(tensor.buffer(), read.buffer());
        }
      }
      Path file = array("array.npy", 1, 2, 3, 4);
      byte[] whole = Files.readAllBytes(file);
      for (int length : new int[] {0, 5, 9, 40, whole.length - 1}) {
        Files.write(file, Arrays.copyOf(whole, length));
        assertThrows(IllegalArgumentException.class, () -> Npy.read(context, file));
      }
      String text = new String(whole, StandardCharsets.ISO_8859_1);
      for (String other : new String[] {"'>f4'", "'<c8'", "True"}) {
        String changed =
            other.equals("True") ? text.replace("False", "True ") : text.replace("'<f4'", other);
        Files.write(file, changed.getBytes(StandardCharsets.ISO_8859_1));
        assertThrows(IllegalArgumentException.class, () -> Npy.read(context, file), other);
      }
    }
  }
}
