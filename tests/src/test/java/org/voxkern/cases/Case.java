package org.voxkern.cases;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.opentest4j.TestAbortedException;
import org.voxkern.Backend;
import org.voxkern.Context;
import org.voxkern.Device;
import org.voxkern.ElementType;
import org.voxkern.InstructionSet;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.testing.SplitMix64;

/** What a case adapter is written with; the counterpart of {@code native/cases/case.h}. */
public final class Case {
  private final CaseLine line;
  private final ElementType type;
  private final List<String> failures = new ArrayList<>();

  /** Null for the host's backends. */
  private final Device device;

  Case(CaseLine line) {
    this(line, null);
  }

  Case(CaseLine line, Device device) {
    this.line = line;
    this.device = device;
    this.type = ElementType.valueOf(line.word("type", "f32").toUpperCase(java.util.Locale.ROOT));
    // Central differences are the native runner's; here such a line is a case like others.
    line.has("differences");
    // So is where its tensors begin.
    line.has("aligned");
  }

  public CaseLine line() {
    return line;
  }

  /** The key type=, f32 unless given. */
  public ElementType type() {
    return type;
  }

  // Inputs. Each has its own random stream, by its name.

  /** Whatever else: filled by the adapter. */
  public Input input(String name, ElementType elementType, Shape shape) {
    return new Input(name, elementType, shape);
  }

  public Input uniform(String name, Shape shape, double low, double high) {
    Input input = input(name, type, shape);
    SplitMix64 random = new SplitMix64(line.seed(), name);
    for (int i = 0; i < input.count(); i++) {
      input.set(i, random.uniform(low, high));
    }
    return input;
  }

  /** Whole numbers in [low, high]: sums of them are exact, so bounds can be zero. */
  public Input integers(String name, Shape shape, long low, long high) {
    Input input = input(name, type, shape);
    SplitMix64 random = new SplitMix64(line.seed(), name);
    for (int i = 0; i < input.count(); i++) {
      input.set(i, low + random.below(high - low + 1));
    }
    return input;
  }

  /** Twice differentiable noise over the last three axes with features {@code cell} voxels wide. */
  public Input smooth(String name, Shape shape, double cell, double low, double high) {
    Input input = input(name, type, shape);
    SmoothNoise.fill(input, new SplitMix64(line.seed(), name), cell, low, high);
    return input;
  }

  /** u8; the key {@code name=} says none (null), all, empty, single, box or random. */
  public Input mask(String name, Shape shape) {
    String kind = line.word(name, "none");
    if (kind.equals("none")) {
      return null;
    }
    Input input = input(name, ElementType.U8, shape);
    SplitMix64 random = new SplitMix64(line.seed(), name);
    switch (kind) {
      case "random":
        for (int i = 0; i < input.count(); i++) {
          input.set(i, random.uniform() < 0.75 ? 1 + random.below(255) : 0);
        }
        break;
      case "all":
        for (int i = 0; i < input.count(); i++) {
          input.set(i, 1);
        }
        break;
      case "single":
        if (input.count() > 0) {
          input.set((int) random.below(input.count()), 1);
        }
        break;
      case "box":
        for (int i = 0; i < input.count(); i++) {
          input.set(i, inMiddleHalf(shape, i) ? 1 : 0);
        }
        break;
      case "empty":
        break;
      default:
        throw new IllegalArgumentException(
            name + "=" + kind + ": expected none, all, empty, single, box or random");
    }
    return input;
  }

  private static boolean inMiddleHalf(Shape shape, long element) {
    long rest = element;
    for (int axis = shape.rank() - 1; axis >= 0; axis--) {
      long size = shape.size(axis);
      long at = rest % size;
      rest /= size;
      if (at < size / 4 || at >= size - size / 4) {
        return false;
      }
    }
    return true;
  }

  /** Row-major 3x4 near the identity about the middle of {@code shape}. */
  public double[] affine(String name, Shape shape, double amount, double shift) {
    SplitMix64 random = new SplitMix64(line.seed(), name);
    double[] matrix = new double[12];
    for (int row = 0; row < 3; row++) {
      for (int column = 0; column < 3; column++) {
        matrix[row * 4 + column] = (row == column ? 1 : 0) + random.uniform(-amount, amount);
      }
    }
    for (int row = 0; row < 3; row++) {
      double translation = random.uniform(-shift, shift);
      for (int column = 0; column < 3; column++) {
        double centre = 0.5 * (shape.size(2 - column) - 1);
        translation += ((row == column ? 1 : 0) - matrix[row * 4 + column]) * centre;
      }
      matrix[row * 4 + 3] = translation;
    }
    return matrix;
  }

  /** The key hostile= (nan, inf, huge, constant, zero) spoils some or all of this input. */
  public Input spoil(Input input) {
    String how = line.word("hostile", "none");
    if (how.equals("none") || input.count() == 0) {
      return input;
    }
    SplitMix64 random = new SplitMix64(line.seed(), input.name() + ".hostile");
    if (how.equals("constant") || how.equals("zero")) {
      double value = how.equals("zero") ? 0 : input.get(0);
      for (int i = 0; i < input.count(); i++) {
        input.set(i, value);
      }
      return input;
    }
    double value =
        switch (how) {
          case "nan" -> Double.NaN;
          case "inf" -> Double.POSITIVE_INFINITY;
          case "huge" -> 1e30;
          default ->
              throw new IllegalArgumentException(
                  "hostile=" + how + ": expected none, nan, inf, huge, constant or zero");
        };
    for (int i = 0; i < 1 + input.count() / 50; i++) {
      boolean negative = random.uniform() < 0.5 && !how.equals("nan");
      input.set((int) random.below(input.count()), negative ? -value : value);
    }
    return input;
  }

  /**
   * Reference, then each instruction set this processor has on 1, 2 and 3 threads: compares the
   * outputs with the reference's, and their bits between thread counts.
   */
  public void run(Consumer<Call> operation) {
    String wanted = line.word("expect", "ok");
    if (!wanted.equals("ok")) {
      runExpectingFailure(operation, wanted);
      return;
    }
    Call expected = on(Contexts.get(Backend.REFERENCE, InstructionSet.AUTO, 1), operation);
    if (device != null) {
      runOnDevice(operation, expected);
      return;
    }
    for (InstructionSet set : Contexts.instructionSets()) {
      runOn(set, operation, expected);
    }
  }

  /** Twice, and compares the bits of the second run with the first's. */
  private void runOnDevice(Consumer<Call> operation, Call expected) {
    Call first;
    Call second;
    try {
      first = on(Contexts.get(device), operation);
      second = on(Contexts.get(device), operation);
    } catch (UnsupportedOperationException refusal) {
      throw new TestAbortedException(device + " refuses cases of " + line.operation());
    }
    first
        .outputs()
        .forEach(
            (name, output) -> {
              String text = output.bound().difference(output.values(), expected.result(name));
              expect(text.isEmpty(), device + ": " + name + ": " + text);
              expect(
                  Arrays.equals(output.values(), second.result(name)),
                  device + ": " + name + " has other bits in a second run");
            });
  }

  /** Once on the reference backend, for properties. */
  public Call reference(Consumer<Call> operation) {
    return on(Contexts.get(Backend.REFERENCE, InstructionSet.AUTO, 1), operation);
  }

  private void runOn(InstructionSet set, Consumer<Call> operation, Call expected) {
    Call first = null;
    for (int threads = 1; threads <= 3; threads++) {
      String where = "CPU " + set + " on " + threads + " threads: ";
      Call call;
      try {
        call = on(Contexts.get(Backend.CPU, set, threads), operation);
      } catch (UnsupportedOperationException refusal) {
        if (type != ElementType.F64) {
          failures.add(where + refusal.getMessage());
        }
        return;
      }
      if (first == null) {
        first = call;
        call.outputs()
            .forEach(
                (name, output) -> {
                  String text = output.bound().difference(output.values(), expected.result(name));
                  expect(text.isEmpty(), where + name + ": " + text);
                });
      } else {
        for (String name : first.outputs().keySet()) {
          expect(
              Arrays.equals(first.result(name), call.result(name)),
              where + name + " has other bits than on 1 thread");
        }
      }
    }
  }

  private void runExpectingFailure(Consumer<Call> operation, String wanted) {
    Class<? extends RuntimeException> refusalType =
        switch (wanted) {
          case "invalid" -> IllegalArgumentException.class;
          case "unsupported" -> UnsupportedOperationException.class;
          default -> throw new IllegalArgumentException("expect=" + wanted);
        };
    if (device != null) {
      try {
        on(Contexts.get(device), operation);
        failures.add(device + " accepted what it should refuse as " + wanted);
      } catch (IllegalArgumentException
          | UnsupportedOperationException
          | NullPointerException refusal) {
        // Why, the host's backends have to say.
      }
      return;
    }
    for (Backend backend : List.of(Backend.REFERENCE, Backend.CPU)) {
      try {
        on(Contexts.get(backend, InstructionSet.AUTO, 1), operation);
        failures.add(backend + " accepted what it should refuse as " + wanted);
      } catch (TestAbortedException skip) {
        throw skip;
      } catch (NullPointerException missing) {
        expect(line.word("break", "").endsWith(":missing"), backend + ": " + missing);
      } catch (RuntimeException refusal) {
        expect(
            refusalType.isInstance(refusal) && refusal.getMessage() != null,
            backend
                + ": expected a "
                + refusalType.getSimpleName()
                + " with a message, got "
                + refusal);
      }
    }
  }

  private Call on(Context context, Consumer<Call> operation) {
    try (Scope scope = Scope.open(context)) {
      Call call = new Call(scope.context(), line);
      operation.accept(call);
      call.collect();
      return call;
    }
  }

  public void expect(boolean condition, String message) {
    if (!condition) {
      failures.add(message);
    }
  }

  void finish() {
    for (String key : line.unread()) {
      failures.add("nothing reads the key " + key);
    }
    if (!failures.isEmpty()) {
      throw new AssertionError(line.text() + "\n  " + String.join("\n  ", failures));
    }
  }
}
