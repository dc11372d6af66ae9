package org.voxkern.bench.operation;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.voxkern.Backend;
import org.voxkern.Context;
import org.voxkern.Device;
import org.voxkern.ElementType;
import org.voxkern.InstructionSet;
import org.voxkern.Tensor;

/**
 * What the benchmarks of all operations share: contexts, seeded inputs, and the check, before
 * anything is measured, that the operation agrees with the reference on a small job of the same
 * kind.
 *
 * <p>A subclass prepares one job and says what it must move. {@code kernel} runs the job on tensors
 * that are there; {@code withCopies} makes the tensors from heap arrays and copies the results
 * back.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
public abstract class OperationBenchmark {
  private static final Workload SMALL = Workload.of("small:37x29x23");
  private static final double TOLERANCE = 1e-3;

  static final String BRAIN = "brain:160x192x224";
  static final String LUNG = "lung:512x512x133";

  @Param({BRAIN, LUNG})
  public String shape;

  @Param("cpu")
  public String device;

  @Param("AUTO")
  public InstructionSet instructionSet;

  @Param("2")
  public int threads;

  private Context context;
  private Inputs inputs;
  private Job job;

  /** One call of the operation on new tensors of the inputs' context. */
  protected abstract Job prepare(Inputs inputs);

  /** What the job must move and compute at least. */
  public abstract Work work(Workload workload);

  @Setup(Level.Trial)
  public void setUp() {
    verify();
    context = context();
    inputs = new Inputs(context, Workload.of(shape));
    job = prepare(inputs);
  }

  @TearDown(Level.Trial)
  public void tearDown() {
    context.close();
  }

  private Context context() {
    return Context.builder()
        .threads(threads)
        .instructionSet(instructionSet)
        .device(Device.named(device))
        .build();
  }

  protected final Object runKernel() {
    Object result = job.run().get();
    context.synchronize();
    return result;
  }

  protected final Object runWithCopies() {
    try (org.voxkern.Scope scope = org.voxkern.Scope.open(context)) {
      Job copied = prepare(inputs);
      List<Object> results = new ArrayList<>();
      results.add(copied.run().get());
      copied.outputs().forEach(output -> results.add(heap(output)));
      return results;
    }
  }

  private static Object heap(Tensor tensor) {
    return tensor.type() == ElementType.F32 ? tensor.toFloatArray() : tensor.toByteArray();
  }

  private void verify() {
    try (Context fast = context();
        Context slow = Context.builder().backend(Backend.REFERENCE).build()) {
      Inputs small = new Inputs(fast, SMALL);
      List<double[]> got = results(prepare(small));
      List<double[]> expected = results(prepare(small.in(slow)));
      for (int i = 0; i < expected.size(); i++) {
        compare(i, got.get(i), expected.get(i));
      }
    }
  }

  private void compare(int which, double[] got, double[] expected) {
    double largest = 0;
    for (double value : expected) {
      largest = Math.max(largest, Math.abs(value));
    }
    long outside = 0;
    for (int i = 0; i < expected.length; i++) {
      outside += Math.abs(got[i] - expected[i]) <= TOLERANCE * largest ? 0 : 1;
    }
    // A position on a jump may fall on its other side.
    if (outside > expected.length / 200) {
      throw new IllegalStateException(
          getClass().getSimpleName()
              + ": result "
              + which
              + " differs from the reference's in "
              + outside
              + " of "
              + expected.length
              + " numbers");
    }
  }

  private static List<double[]> results(Job job) {
    List<double[]> results = new ArrayList<>();
    double[] numbers = job.run().get();
    if (numbers != null) {
      results.add(numbers);
    }
    for (Tensor output : job.outputs()) {
      Object array = heap(output);
      double[] copy;
      if (array instanceof float[] floats) {
        copy = new double[floats.length];
        for (int i = 0; i < copy.length; i++) {
          copy[i] = floats[i];
        }
      } else {
        byte[] bytes = (byte[]) array;
        copy = new double[bytes.length];
        for (int i = 0; i < copy.length; i++) {
          copy[i] = bytes[i];
        }
      }
      results.add(copy);
    }
    return results;
  }
}
