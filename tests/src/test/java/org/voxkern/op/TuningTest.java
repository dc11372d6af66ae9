package org.voxkern.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.voxkern.Backend;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.OutOfMemoryException;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.Tuning;
import org.voxkern.testing.SplitMix64;

/** What is measured is chosen, kept in a file, and chosen again from it. */
class TuningTest {
  private static final Shape INPUT = Shape.of(1, 8, 9, 10, 17);
  private static final Shape WEIGHTS = Shape.of(8, 8, 3, 3, 3);
  private static final Conv3d SAME = Conv3d.builder().padding(1, 1, 1).build();

  @TempDir Path folder;

  private static float[] noise(long seed, long count) {
    SplitMix64 random = new SplitMix64(seed, "tuning");
    float[] values = new float[(int) count];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.uniform(-1, 1);
    }
    return values;
  }

  private static Tensor tensor(Context context, long seed, Shape shape) {
    return Tensor.of(context, noise(seed, shape.elementCount()), shape.toArray());
  }

  /** The convolution and its gradients, one after the other. */
  private static List<float[]> results(Context context, Conv3d convolution) {
    try (Scope scope = Scope.open(context)) {
      Tensor input = tensor(context, 1, INPUT);
      Tensor weights = tensor(context, 2, WEIGHTS);
      Shape shape = convolution.outputShape(INPUT, WEIGHTS);
      Tensor upstream = tensor(context, 3, shape);
      Tensor output = Tensor.zeros(context, ElementType.F32, shape);
      Tensor gradientInput = Tensor.zeros(context, ElementType.F32, INPUT);
      Tensor gradientWeights = Tensor.zeros(context, ElementType.F32, WEIGHTS);
      Tensor gradientBias = Tensor.zeros(context, ElementType.F32, Shape.of(WEIGHTS.size(0)));
      convolution.apply(input, convolution.pack(weights, INPUT), null, null, output);
      convolution.gradientInput(upstream, weights, gradientInput);
      convolution.gradientWeights(upstream, input, gradientWeights, gradientBias);
      List<float[]> results = new ArrayList<>();
      for (Tensor result : List.of(output, gradientInput, gradientWeights, gradientBias)) {
        results.add(result.toFloatArray());
      }
      return results;
    }
  }

  private static double relativeError(float[] actual, float[] expected) {
    double error = 0;
    double norm = 0;
    for (int i = 0; i < actual.length; i++) {
      error += Math.pow((double) actual[i] - expected[i], 2);
      norm += Math.pow(expected[i], 2);
    }
    return Math.sqrt(error / norm);
  }

  @Test
  void theFastestOfThoseWithinTheErrorIsTaken() {
    List<float[]> expected;
    try (Context context = Context.builder().backend(Backend.REFERENCE).build()) {
      expected = results(context, SAME);
    }
    try (Tuning tuning = Tuning.measure();
        Context context = Context.builder().tuning(tuning).build()) {
      List<float[]> actual = results(context, SAME);
      for (int i = 0; i < actual.size(); i++) {
        assertTrue(relativeError(actual.get(i), expected.get(i)) < Conv3d.USUAL_ACCURACY);
      }
      List<Tuning.Entry> entries = tuning.entries();
      assertEquals(3, entries.size(), entries::toString);
      List<String> operations =
          List.of("conv3d ", "conv3d_gradient_input ", "conv3d_gradient_weights ");
      for (int i = 0; i < entries.size(); i++) {
        Tuning.Entry entry = entries.get(i);
        assertTrue(entry.problem().startsWith(operations.get(i)), entry.problem());
        assertTrue(entry.seconds() > 0 && entry.seconds() <= entry.modelledSeconds());
      }
      assertEquals(
          entries.get(0).implementation(),
          SAME.implementation(context, ElementType.F32, INPUT, WEIGHTS));
      // What was measured once is not measured again.
      results(context, SAME);
      assertEquals(entries, tuning.entries());
    }
  }

  @Test
  void transposedConvolutionsAreMeasuredToo() {
    try (Tuning tuning = Tuning.measure();
        Context context = Context.builder().tuning(tuning).build();
        Scope scope = Scope.open(context)) {
      Conv3dTransposed up = Conv3dTransposed.builder().stride(2, 2, 2).build();
      Shape kernel = Shape.of(8, 4, 2, 2, 2);
      Shape shape = up.outputShape(INPUT, kernel);
      Tensor output = Tensor.zeros(context, ElementType.F32, shape);
      up.apply(tensor(context, 1, INPUT), tensor(context, 2, kernel), null, null, output);
      assertEquals(1, tuning.entries().size());
      assertTrue(tuning.entries().get(0).problem().startsWith("conv3d_transposed "));
    }
  }

  @Test
  void aFileGivesTheSameBitsOnAnyThreadsWithoutMeasuring() throws IOException {
    Path file = folder.resolve("tuning.tsv");
    List<float[]> first;
    List<Tuning.Entry> entries;
    try (Tuning tuning = Tuning.extend(file);
        Context context = Context.builder().tuning(tuning).build()) {
      first = results(context, SAME);
      entries = tuning.entries();
      tuning.write(file);
    }
    for (int threads = 1; threads <= 3; threads++) {
      try (Tuning tuning = Tuning.read(file);
          Context context = Context.builder().tuning(tuning).threads(threads).build()) {
        assertEquals(entries, tuning.entries());
        List<float[]> again = results(context, SAME);
        for (int i = 0; i < first.size(); i++) {
          assertArrayEquals(first.get(i), again.get(i));
        }
        // Not known, and not measured: chosen as without a tuning.
        results(context, SAME.toBuilder().accuracy(Conv3d.MOST_ACCURATE).build());
        assertEquals(entries, tuning.entries());
      }
    }
    try (var left = Files.list(folder)) {
      assertEquals(List.of(file), left.toList());
    }
  }

  /** Whatever the file says is taken, though a model would have another. */
  @Test
  void theChoiceIsThatOfTheFile() throws IOException {
    Path file = folder.resolve("tuning.tsv");
    String modelled;
    try (Tuning tuning = Tuning.measure();
        Context context = Context.builder().tuning(tuning).build()) {
      modelled = SAME.implementation(context, ElementType.F32, INPUT, WEIGHTS);
      tuning.write(file);
    }
    String direct = modelled.replaceFirst("cpu-.*-", "cpu-");
    String text = Files.readString(file);
    Files.writeString(file, text.replaceFirst("\tcpu-[^\t]*\t", "\t" + direct + "\t"));
    try (Tuning tuning = Tuning.read(file);
        Context context = Context.builder().tuning(tuning).build()) {
      assertEquals(direct, SAME.implementation(context, ElementType.F32, INPUT, WEIGHTS));
      results(context, SAME);
    }
    Files.writeString(file, text.replaceFirst("\tcpu-[^\t]*\t", "\tcpu-of-clay\t"));
    try (Tuning tuning = Tuning.read(file);
        Context context = Context.builder().tuning(tuning).build()) {
      String message =
          assertThrows(IllegalArgumentException.class, () -> results(context, SAME)).getMessage();
      assertTrue(message.contains("cpu-of-clay"), message);
    }
  }

  @Test
  void otherMachinesAndOtherFilesAreRefused() throws IOException {
    Path file = folder.resolve("tuning.tsv");
    try (Tuning tuning = Tuning.measure()) {
      tuning.write(file);
    }
    String header = Files.readString(file);
    List<String> wrong =
        List.of(
            "",
            "{}",
            header.replace(Context.processorName(), "another processor"),
            header + "conv3d\tcpu\n",
            header + "conv3d\tcpu\tfast\tcpu\t1\n",
            header + "conv3d\tcpu\t1\tcpu\t1\nconv3d\tcpu\t1\tcpu\t1\n");
    for (String text : wrong) {
      Files.writeString(file, text);
      String message =
          assertThrows(IllegalArgumentException.class, () -> Tuning.read(file)).getMessage();
      assertTrue(message.contains("tuning"), message);
    }
  }

  @Test
  void itIsClosedAfterItsContexts() {
    Tuning tuning = Tuning.measure();
    Context context = Context.builder().tuning(tuning).build();
    assertThrows(IllegalStateException.class, tuning::close);
    context.close();
    tuning.close();
    assertThrows(IllegalStateException.class, tuning::entries);
    assertThrows(IllegalStateException.class, () -> Context.builder().tuning(tuning).build());
  }

  /** Nothing is measured where the tensors do not fit, and nothing of them stays. */
  @Test
  void whatDoesNotFitIntoTheBudgetIsOutOfMemory() {
    try (Tuning tuning = Tuning.measure();
        Context context = Context.builder().tuning(tuning).memoryLimit(1 << 20).build()) {
      Shape large = Shape.of(1, 8, 64, 64, 64);
      assertThrows(
          OutOfMemoryException.class,
          () -> SAME.implementation(context, ElementType.F32, large, WEIGHTS));
      assertEquals(0, context.memory().inUse());
      assertEquals(List.of(), tuning.entries());
    }
  }
}
