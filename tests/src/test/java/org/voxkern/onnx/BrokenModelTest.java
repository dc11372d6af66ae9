package org.voxkern.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.testing.SplitMix64;

/** Models that cannot be read, and what is said of them. */
class BrokenModelTest {
  @TempDir Path folder;
  private final Context context = Context.create();

  @AfterEach
  void close() {
    context.close();
  }

  private static Models relu() {
    return Models.opset(17).input("x", ElementType.F32, 1, 2).node("Relu", "x", "y").output("y");
  }

  private <T extends Throwable> void refused(Class<T> type, Models model, String... parts)
      throws IOException {
    Path file = model.write(folder.resolve("model.onnx"));
    T failure = assertThrows(type, () -> OnnxImport.of(OnnxModel.read(file)).run(context));
    assertTrue(failure.getMessage().contains(file.toString()), failure::getMessage);
    for (String part : parts) {
      assertTrue(failure.getMessage().contains(part), failure::getMessage);
    }
  }

  private void broken(Models model, String... parts) throws IOException {
    refused(IllegalArgumentException.class, model, parts);
  }

  @Test
  void filesThatAreNoModels() throws IOException {
    Path file = folder.resolve("model.onnx");
    assertThrows(NoSuchFileException.class, () -> OnnxModel.read(file));
    byte[] whole = relu().proto().build().toByteArray();
    SplitMix64 random = new SplitMix64(3, "bytes");
    for (int length = 0; length < whole.length; length++) {
      Files.write(file, Arrays.copyOf(whole, length));
      readsOrRefuses(file);
    }
    for (int trial = 0; trial < 300; trial++) {
      byte[] spoilt = whole.clone();
      spoilt[(int) random.below(whole.length)] = (byte) random.next();
      Files.write(file, spoilt);
      readsOrRefuses(file);
    }
    Files.write(file, new byte[0]);
    assertThrows(IllegalArgumentException.class, () -> OnnxModel.read(file));
  }

  /** A byte may be one that does not matter, but nothing else than a refusal may happen. */
  private void readsOrRefuses(Path file) throws IOException {
    try {
      OnnxImport.of(OnnxModel.read(file)).run(context);
    } catch (IllegalArgumentException | UnsupportedOperationException refusal) {
      assertTrue(refusal.getMessage().contains(file.toString()), refusal::getMessage);
    }
  }

  @Test
  void namesAndOrder() throws IOException {
    broken(relu().node("Relu", "x", "y"), "'y' is given twice");
    broken(relu().node("Add", "x nothing", "z"), "[nothing]");
    broken(relu().node("Add", "x b", "a").node("Relu", "a", "b"), "circle", "a, b");
    broken(Models.opset(17).node("Relu", "x", "y"), "no graph with outputs");
    // In another order than ONNX asks for, but computable.
    Models swapped =
        Models.opset(17)
            .input("x", ElementType.F32, 2)
            .node("Relu", "a", "y")
            .node("Neg", "x", "a")
            .output("y");
    Path file = swapped.write(folder.resolve("swapped.onnx"));
    assertEquals(
        2,
        OnnxImport.of(OnnxModel.read(file)).run(context).graph().nodes().stream()
            .filter(node -> node.operation() != null)
            .count());
  }

  @Test
  void versions() throws IOException {
    for (int version : new int[] {6, 26}) {
      Models model =
          Models.opset(version).input("x", ElementType.F32, 2).node("Relu", "x", "y").output("y");
      refused(UnsupportedOperationException.class, model, "version " + version, "7 to 25");
    }
  }

  @Test
  void allRefusedNodesAreNamed() throws IOException {
    Models model =
        Models.opset(17)
            .input("x", ElementType.F32, 1, 1, 8, 8)
            .weight("w", Shape.of(1, 1, 3, 3), new float[9])
            .node("Conv", "x w", "a", ExportGraph.text("auto_pad", "SAME"))
            .node("Unheard", "a", "b")
            .node("Relu", "x", "c", ExportGraph.integer("slope", 3))
            .node("Scan", "b c", "y")
            .output("y");
    Path file = model.write(folder.resolve("model.onnx"));
    UnsupportedOnnxException failure =
        assertThrows(
            UnsupportedOnnxException.class, () -> OnnxImport.of(OnnxModel.read(file)).run(context));
    assertEquals(4, failure.refusals().size());
    for (String part : new String[] {"SAME", "Unheard", "[slope]", "Scan"}) {
      assertTrue(failure.getMessage().contains(part), failure::getMessage);
    }
  }

  @Test
  void weights() throws IOException {
    Models nan = relu().weight("w", Shape.of(2), 1, Float.NaN).node("Add", "x w", "z").output("z");
    broken(nan, "'w'", "NaN");
    TensorProto few =
        ExportGraph.floats(Shape.of(3), 1, 2, 3).toBuilder().setName("w").setDims(0, 5).build();
    broken(reading(few), "initializer 'w'", "12 bytes, expected 20");
    TensorProto endless = few.toBuilder().setDims(0, 1L << 50).build();
    broken(reading(endless), "initializer 'w'", "12 bytes");
    TensorProto strange = few.toBuilder().setDataType(17).build();
    refused(UnsupportedOnnxException.class, reading(strange), "'w' (initializer)", "float8e4m3fn");
    // Nothing reads it.
    Path unread = relu().initializer(few).write(folder.resolve("unread.onnx"));
    assertEquals(0, OnnxImport.of(OnnxModel.read(unread)).run(context).weights().names().size());
    Models shapes = relu().weight("w", Shape.of(3), 1, 2, 3).node("Add", "x w", "z").output("z");
    refused(UnsupportedOnnxException.class, shapes, "(1, 2)", "(3)");
  }

  private static Models reading(TensorProto weight) {
    return relu().initializer(weight).node("Add", "x w", "z").output("z");
  }

  private Models external(String location, long offset) {
    TensorProto tensor =
        TensorProto.newBuilder()
            .setName("w")
            .setDataType(TensorProto.DataType.FLOAT_VALUE)
            .addDims(2)
            .setDataLocation(TensorProto.DataLocation.EXTERNAL)
            .addExternalData(entry("location", location))
            .addExternalData(entry("offset", String.valueOf(offset)))
            .build();
    return reading(tensor);
  }

  private static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }

  @Test
  void externalData() throws IOException {
    ByteBuffer numbers = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    numbers.asFloatBuffer().put(new float[] {1, 2, 3, 4});
    Files.write(folder.resolve("numbers"), numbers.array());
    Path model = external("numbers", 8).write(folder.resolve("model.onnx"));
    OnnxNetwork network = OnnxImport.of(OnnxModel.read(model)).run(context);
    assertArrayEquals(new float[] {3, 4}, network.weights().get("w").toFloatArray());
    broken(external("missing", 0), "missing");
    broken(external("numbers", Long.MAX_VALUE), "16 bytes");
    broken(external("numbers", 12), "16 bytes, expected 8 from 12");
    broken(external("../numbers", 0), "outside");
    broken(external(folder.resolve("numbers").toString(), 0), "outside");
    Path outside = Files.createTempFile("voxkern", ".bin");
    try {
      Files.write(outside, numbers.array());
      Files.createSymbolicLink(folder.resolve("link"), outside);
      broken(external("link", 0), "outside");
    } finally {
      Files.delete(outside);
    }
  }

  @Test
  void inputsThatDoNotFit() throws IOException {
    OnnxModel model = OnnxModel.read(relu().write(folder.resolve("model.onnx")));
    assertThrows(
        IllegalArgumentException.class, () -> OnnxImport.of(model).shape("z", Shape.of(1)));
    assertThrows(
        IllegalArgumentException.class,
        () -> OnnxImport.of(model).shape("x", Shape.of(1)).run(context));
    Models reshape =
        Models.opset(17)
            .input("x", ElementType.F32, 1, 2)
            .input("s", ElementType.I64, 2)
            .node("Abs", "s", "t")
            .node("Reshape", "x t", "y")
            .output("y");
    refused(UnsupportedOnnxException.class, reshape, "input 1", "'t'", "depend on 's'");
  }

  @Test
  void modelsWithoutAVersion() throws IOException {
    ModelProto silent = relu().proto().clearOpsetImport().build();
    Path file = folder.resolve("silent.onnx");
    Files.write(file, silent.toByteArray());
    assertThrows(IllegalArgumentException.class, () -> OnnxModel.read(file));
  }
}
