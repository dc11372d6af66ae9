package org.voxkern.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Convert;

class SafeTensorsTest {
  /** Written by the format's own library, safetensors 0.8.0, with its Python interface. */
  private static final String LIBRARY_FILE =
      "6AEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJwdCIsIm5vdGUiOiJhIFwicXVvdGVkXCIgw6kgXG4gbGluZSJ9"
          + "LCJiIjp7ImR0eXBlIjoiSTY0Iiwic2hhcGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbMCwxNl19LCJzY2FsYXIiOnsiZHR5cGUi"
          + "OiJGNjQiLCJzaGFwZSI6W10sImRhdGFfb2Zmc2V0cyI6WzE2LDI0XX0sInN0YWdlLndlaWdodCI6eyJkdHlwZSI6IkYzMiIs"
          + "InNoYXBlIjpbMSwyLDNdLCJkYXRhX29mZnNldHMiOlsyNCw0OF19LCJoYWxmIjp7ImR0eXBlIjoiRjE2Iiwic2hhcGUiOlsy"
          + "XSwiZGF0YV9vZmZzZXRzIjpbNDgsNTJdfSwiZW1wdHkiOnsiZHR5cGUiOiJJMTYiLCJzaGFwZSI6WzAsM10sImRhdGFfb2Zm"
          + "c2V0cyI6WzUyLDUyXX0sInU4Ijp7ImR0eXBlIjoiVTgiLCJzaGFwZSI6WzNdLCJkYXRhX29mZnNldHMiOls1Miw1NV19LCJm"
          + "bGFnIjp7ImR0eXBlIjoiQk9PTCIsInNoYXBlIjpbMl0sImRhdGFfb2Zmc2V0cyI6WzU1LDU3XX19ICAgICAgIAEAAAAAAAAA"
          + "AgAAAAAAAAAAAAAAAAAMQAAAAAAAAIA/AAAAQAAAQEAAAIBAAACgQAA+AMAB/wcBAA==";

  @TempDir Path folder;

  private static Map<String, Tensor> tensorsOfLibraryFile(Context context) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("stage.weight", Tensor.of(context, new float[] {0, 1, 2, 3, 4, 5}, 1, 2, 3));
    tensors.put("b", Tensor.of(context, new long[] {1, 2}, 2));
    tensors.put("half", Convert.to(Tensor.of(context, new float[] {1.5f, -2}, 2), ElementType.F16));
    tensors.put("flag", Convert.to(Tensor.of(context, new float[] {1, 0}, 2), ElementType.BOOL));
    tensors.put("scalar", Tensor.of(context, new double[] {3.5}));
    tensors.put("u8", Tensor.of(context, new byte[] {1, -1, 7}, 3));
    tensors.put("empty", Tensor.of(context, new short[0], 0, 3));
    return tensors;
  }

  @Test
  void readsWhatTheFormatsOwnLibraryWrites() throws IOException {
    Path file = folder.resolve("library.safetensors");
    Files.write(file, Base64.getDecoder().decode(LIBRARY_FILE));
    try (Context context = Context.create();
        SafeTensors opened = SafeTensors.open(file)) {
      Map<String, Tensor> expected = tensorsOfLibraryFile(context);
      assertEquals(expected.keySet(), opened.entries().keySet());
      opened
          .readAll(context)
          .forEach(
              (name, tensor) -> {
                assertEquals(expected.get(name).type(), tensor.type(), name);
                assertEquals(expected.get(name).shape(), tensor.shape(), name);
                assertEquals(expected.get(name).buffer(), tensor.buffer(), name);
              });
      assertEquals(Map.of("format", "pt", "note", "a \"quoted\" é \n line"), opened.metadata());
      IllegalArgumentException missing =
          assertThrows(IllegalArgumentException.class, () -> opened.read(context, "stage.weights"));
      assertTrue(missing.getMessage().contains("stage.weights"), missing.getMessage());
    }
  }

  @Test
  void writesTheBytesOfTheFormatsOwnLibrary() throws IOException {
    Path file = folder.resolve("ours.safetensors");
    try (Context context = Context.create()) {
      SafeTensors.write(
          file,
          tensorsOfLibraryFile(context),
          Map.of("note", "a \"quoted\" é \n line", "format", "pt"));
    }
    assertArrayEquals(Base64.getDecoder().decode(LIBRARY_FILE), Files.readAllBytes(file));
  }

  @ParameterizedTest
  @EnumSource
  void everyElementTypeComesBack(ElementType type) throws IOException {
    Path file = folder.resolve("one.safetensors");
    try (Context context = Context.create()) {
      Tensor values = Tensor.uninitialized(context, type, Shape.of(3, 1, 5));
      byte[] bits = new byte[(int) values.byteCount()];
      new Random(type.ordinal()).nextBytes(bits);
      if (type == ElementType.BOOL) {
        for (int i = 0; i < bits.length; i++) {
          bits[i] &= 1;
        }
      }
      values.buffer().put(bits);
      SafeTensors.write(file, Map.of("tab\tand \u0001", values));
      try (SafeTensors opened = SafeTensors.open(file)) {
        Tensor read = opened.read(context, "tab\tand \u0001");
        assertEquals(type, read.type());
        assertEquals(values.shape(), read.shape());
        assertEquals(values.buffer(), read.buffer());
      }
    }
  }

  @Test
  void aFailedWriteLeavesTheOlderFile() throws IOException {
    Path file = folder.resolve("kept.safetensors");
    try (Context context = Context.create()) {
      Tensor first = Tensor.of(context, new float[] {1}, 1);
      SafeTensors.write(file, Map.of("w", first));
      byte[] before = Files.readAllBytes(file);
      Tensor closed = Tensor.of(context, new float[] {2}, 1);
      closed.close();
      assertThrows(IllegalStateException.class, () -> SafeTensors.write(file, Map.of("w", closed)));
      assertThrows(
          IllegalArgumentException.class,
          () -> SafeTensors.write(file, Map.of("__metadata__", first)));
      assertArrayEquals(before, Files.readAllBytes(file));
    }
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(List.of(file), files.toList());
    }
  }

  private Path broken(long length, String header, int dataBytes) throws IOException {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(Long.BYTES + text.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(length < 0 ? text.length : length).put(text);
    return Files.write(folder.resolve("broken.safetensors"), bytes.array());
  }

  private void refuse(Path file, String... words) {
    IllegalArgumentException failure =
        assertThrows(IllegalArgumentException.class, () -> SafeTensors.open(file).close());
    for (String word : words) {
      assertTrue(failure.getMessage().contains(word), failure.getMessage());
    }
    assertTrue(failure.getMessage().startsWith(file.toString()), failure.getMessage());
  }

  private static String entry(String name, String type, String shape, long begin, long end) {
    return "\""
        + name
        + "\":{\"dtype\":\""
        + type
        + "\",\"shape\":"
        + shape
        + ",\"data_offsets\":["
        + begin
        + ","
        + end
        + "]}";
  }

  @Test
  void brokenFilesAreRefused() throws IOException {
    assertThrows(
        NoSuchFileException.class, () -> SafeTensors.open(folder.resolve("absent")).close());
    refuse(Files.write(folder.resolve("short"), new byte[] {1, 2, 3}), "3 bytes");
    refuse(broken(1000, "{}", 0), "1000 bytes");
    refuse(broken(0, "{}", 0), "0 bytes");
    refuse(
        Files.write(folder.resolve("huge"), ByteBuffer.allocate(16).putLong(-1).array()),
        "18446744073709551615");
    refuse(broken(-1, "[]", 0), "{");
    refuse(broken(-1, "{\"w\":", 0), "character");
    refuse(broken(-1, "{} x", 0), "after the object");
    String w = entry("w", "F32", "[2]", 0, 8);
    refuse(broken(-1, "{" + w + "}", 4), "'w'", "beyond", "4 bytes");
    refuse(broken(-1, "{" + w + "}", 12), "12 bytes", "8");
    refuse(broken(-1, "{" + w + "," + w + "}", 8), "second", "\"w\"");
    refuse(broken(-1, "{" + w + "," + entry("v", "F32", "[2]", 4, 12) + "}", 12), "overlaps");
    refuse(broken(-1, "{" + w + "," + entry("v", "F32", "[2]", 12, 20) + "}", 20), "gap");
    refuse(broken(-1, "{" + entry("w", "F32", "[3]", 0, 8) + "}", 8), "12 bytes", "[0, 8]");
    refuse(broken(-1, "{" + entry("w", "F32", "[2]", 8, 0) + "}", 8), "[8, 0]");
    refuse(broken(-1, "{" + entry("w", "F8_E5M2", "[2]", 0, 2) + "}", 2), "'w'", "F8_E5M2");
    refuse(broken(-1, "{" + entry("w", "F32", "[-2]", 0, 8) + "}", 8), "whole number");
    refuse(broken(-1, "{" + entry("w", "F32", "[4294967296,4294967296]", 0, 8) + "}", 8), "'w'");
    refuse(broken(-1, "{" + entry("w", "U64", "[2305843009213693952]", 0, 8) + "}", 8), "'w'");
    refuse(broken(-1, "{" + entry("w", "F32", "[99999999999999999999]", 0, 8) + "}", 8), "whole");
    refuse(broken(-1, "{\"w\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8), "data_offsets");
    refuse(broken(-1, "{\"w\":{\"dtype\":\"F32\",\"offset\":[2]}}", 8), "offset");
    refuse(broken(-1, "{\"w\":{\"shape\":[" + "1,".repeat(5000) + "1]}}", 4), "numbers");
  }

  @Test
  void everyTruncationIsRefused() throws IOException {
    byte[] whole = Base64.getDecoder().decode(LIBRARY_FILE);
    Path file = folder.resolve("cut.safetensors");
    List<Integer> accepted = new ArrayList<>();
    for (int length = 0; length < whole.length; length++) {
      Files.write(file, java.util.Arrays.copyOf(whole, length));
      try {
        SafeTensors.open(file).close();
        accepted.add(length);
      } catch (IllegalArgumentException expected) {
        assertTrue(expected.getMessage().startsWith(file.toString()));
      }
    }
    assertEquals(List.of(), accepted);
  }

  @Test
  void weightsComeBackAndOtherFloatsAreConverted() throws IOException {
    Graph graph = ExecutableTest.smallUnet();
    Path file = folder.resolve("weights.safetensors");
    try (Context context = Context.create()) {
      Weights weights = Weights.initialize(graph, context, 3);
      weights.write(file);
      Weights read = Weights.read(graph, context, file);
      for (String name : weights.names()) {
        assertArrayEquals(weights.get(name).toFloatArray(), read.get(name).toFloatArray(), name);
      }
      Map<String, Tensor> halved = new LinkedHashMap<>();
      for (String name : weights.names()) {
        halved.put(name, Convert.to(weights.get(name), ElementType.BF16));
      }
      SafeTensors.write(file, halved);
      Weights rounded = Weights.read(graph, context, file);
      float[] exact = weights.get("fine.weight").toFloatArray();
      float[] near = rounded.get("fine.weight").toFloatArray();
      for (int i = 0; i < exact.length; i++) {
        assertEquals(exact[i], near[i], Math.abs(exact[i]) / 256 + 1e-30);
      }
      halved.remove("head.bias");
      SafeTensors.write(file, halved);
      IllegalArgumentException missing =
          assertThrows(IllegalArgumentException.class, () -> Weights.read(graph, context, file));
      assertTrue(missing.getMessage().contains("head.bias"), missing.getMessage());
      assertTrue(missing.getMessage().startsWith(file.toString()), missing.getMessage());
      halved.put("head.bias", Tensor.of(context, new float[] {1, Float.NaN}, 2));
      SafeTensors.write(file, halved);
      assertTrue(
          assertThrows(IllegalArgumentException.class, () -> Weights.read(graph, context, file))
              .getMessage()
              .contains("NaN"));
      halved.put("head.bias", Tensor.of(context, new int[] {1, 2}, 2));
      SafeTensors.write(file, halved);
      assertTrue(
          assertThrows(IllegalArgumentException.class, () -> Weights.read(graph, context, file))
              .getMessage()
              .contains("I32"));
    }
  }
}
