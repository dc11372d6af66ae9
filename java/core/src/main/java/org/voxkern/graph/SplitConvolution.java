package org.voxkern.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.voxkern.Context;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.graph.Program.Step;
import org.voxkern.op.Conv3d;

/**
 * Convolutions that take their input's channels in two parts, the second adding to what the first
 * made, where that lowers the peak of memory: the parts need not exist at the same time.
 *
 * <p>Of a concatenation the part that is ready first is convolved before memory for the other is
 * needed, and then gives its own back. What only the convolution reads can be made and convolved by
 * halves of its channels. The sums are rounded in another order. Whether a convolution is split
 * depends on the graph and its shapes alone: on the bytes of the plan, and on the products that the
 * further sums are worth, which must be few of all.
 */
final class SplitConvolution {
  /**
   * The least products of an output: then reading and writing it once more takes about a tenth of
   * the time of those products, less where there are more.
   */
  private static final long LEAST_PRODUCTS = 320;

  /** Of the peak: what is not worth the time is left. */
  private static final double LEAST_GAIN = 0.05;

  /**
   * How many products take the time of an output that is written, read and added to once more, and
   * of transforming it once more: 32 to 16 channels took 1.41 instead of 1.18 s of one core.
   */
  private static final long PRODUCTS_OF_OUTPUT = 120;

  /**
   * Of all products. Where Winograd's algorithm saves most of them the time is up to twice that.
   */
  private static final double MOST_ADDED = 0.07;

  private final Context context;
  private final Program program;
  private final Step step;
  private final Convolution convolution;
  private final ChannelCut cut;

  private SplitConvolution(Context context, Program program, Step step) {
    this.context = context;
    this.program = program;
    this.step = step;
    convolution = (Convolution) step.operation;
    cut = new ChannelCut(context, program);
  }

  /** The program, or one that needs less memory. */
  static Program apply(Context context, Program program) {
    Program kept = program;
    long bytes = MemoryPeak.of(program, context).bytes();
    double mostOutputs = outputs(program) + MOST_ADDED * products(program) / PRODUCTS_OF_OUTPUT;
    Program tried = program;
    while (true) {
      Program better = better(context, tried);
      if (better == tried || outputs(better) > mostOutputs) {
        return kept;
      }
      tried = better;
      // One split alone may gain little where several places need as much.
      long then = MemoryPeak.of(tried, context).bytes();
      if (then <= (1 - LEAST_GAIN) * bytes) {
        kept = tried;
        bytes = then;
      }
    }
  }

  /** What the convolutions write. */
  private static double outputs(Program program) {
    return program.steps.stream()
        .filter(step -> step.operation instanceof Convolution)
        .mapToDouble(step -> program.shapes.get(step.output).elementCount())
        .sum();
  }

  /** Of all convolutions, where they are done directly. */
  private static double products(Program program) {
    double sum = 0;
    for (Step step : program.steps) {
      boolean transposed = step.operation instanceof TransposedConvolution;
      if (transposed || step.operation instanceof Convolution) {
        // Each voxel of the one side meets the whole kernel.
        int side = transposed ? step.inputs.get(0) : step.output;
        Shape voxels = program.shapes.get(side);
        double each = program.shapes.get(step.inputs.get(1)).elementCount();
        sum += each * voxels.elementCount() / Math.max(1, voxels.size(1));
      }
    }
    return sum;
  }

  /** The program with the one split that lowers its peak the most; itself where none does. */
  private static Program better(Context context, Program program) {
    MemoryPeak peak = MemoryPeak.of(program, context);
    Program best = program;
    MemoryPeak least = peak;
    for (int at = 0; at < program.steps.size(); at++) {
      Step step = program.steps.get(at);
      if (!isSplittable(program, step) || !peak.reaches(step.inputs.get(0), at)) {
        continue;
      }
      for (int way = 0; way < ways(program, step); way++) {
        try (Scope trial = Scope.open(context)) {
          SplitConvolution split = new SplitConvolution(context, program.copy(), step);
          if (!split.split(way)) {
            continue;
          }
          MemoryPeak then = MemoryPeak.of(split.program, context);
          if (then.isBelow(least)) {
            split.cut.keep(trial.parent());
            best = split.program;
            least = then;
          }
        }
      }
    }
    return best;
  }

  private static boolean isSplittable(Program program, Step step) {
    if (!(step.operation instanceof Convolution convolution)
        || convolution.convolution().groups() != 1
        || !program.constants.containsKey(step.inputs.get(1))) {
      return false;
    }
    Shape weights = program.shapes.get(step.inputs.get(1));
    return weights.elementCount() >= LEAST_PRODUCTS * weights.size(0);
  }

  private static Optional<Step> join(Program program, Step step) {
    Step join = program.onlyFor(step.inputs.get(0));
    boolean channels =
        join != null
            && join.operation instanceof Layouts.Joined joined
            && Math.floorMod(joined.axis(), 5) == 1;
    return channels ? Optional.of(join) : Optional.empty();
  }

  /** Ways to split: between any two parts of what is joined; else by halves. */
  private static int ways(Program program, Step step) {
    return join(program, step).map(join -> join.inputs.size() - 1).orElse(1);
  }

  /** Whether it can be done. */
  private boolean split(int way) {
    return join(program, step).map(join -> between(join, way + 1)).orElseGet(this::halved);
  }

  private boolean between(Step join, int parts) {
    List<Integer> front = join.inputs.subList(0, parts);
    List<Integer> back = join.inputs.subList(parts, join.inputs.size());
    program.steps.remove(join);
    boolean frontFirst = program.written(front) <= program.written(back);
    long channels = channels(front);
    int sum = sum();
    List<Step> frontPart = part(front, 0, channels, sum, frontFirst);
    List<Step> backPart = part(back, channels, channels(back), sum, !frontFirst);
    List<Step> early = frontFirst ? frontPart : backPart;
    int ready = early.stream().mapToInt(first -> program.written(first.inputs)).max().orElse(-1);
    int place = program.steps.indexOf(step);
    for (int slot : frontFirst ? back : front) {
      place = Math.min(place, begin(slot));
    }
    replace(step, frontFirst ? backPart : frontPart);
    program.steps.addAll(Math.max(place, ready + 1), early);
    return true;
  }

  private long channels(List<Integer> slots) {
    return slots.stream().mapToLong(slot -> program.shapes.get(slot).size(1)).sum();
  }

  /** Where the step is whose output's memory a slot comes to lie in. */
  private int begin(int slot) {
    int at = program.written(List.of(slot));
    while (at >= 0) {
      int before = overwritten(program.steps.get(at));
      if (before < 0) {
        return at;
      }
      at = before;
    }
    return program.steps.size();
  }

  /** Where the step is over whose output another can write; -1 where there is none. */
  private int overwritten(Step writer) {
    for (int input = 0; input < writer.inputs.size(); input++) {
      int slot = writer.inputs.get(input);
      Step before = program.onlyFor(slot);
      boolean over = writer.operation.isView() ? input == 0 : writer.operation.mayOverwrite(input);
      if (over && before != null && program.bytes(slot) == program.bytes(writer.output)) {
        return program.steps.indexOf(before);
      }
    }
    return -1;
  }

  private boolean halved() {
    int slot = step.inputs.get(0);
    long channels = program.shapes.get(slot).size(1);
    long half = ChannelCut.half(channels);
    if (half == channels || !cut.isPossible(slot)) {
      return false;
    }
    int sum = sum();
    List<Step> steps = new ArrayList<>();
    int first = cut.output(slot, 0, half, true, steps);
    steps.addAll(part(List.of(first), 0, half, sum, true));
    int second = cut.output(slot, half, channels - half, false, steps);
    steps.addAll(part(List.of(second), half, channels - half, sum, false));
    replace(step, steps);
    program.steps.removeAll(cut.done());
    return true;
  }

  private int sum() {
    return program.slot(program.types.get(step.output), program.shapes.get(step.output));
  }

  private void replace(Step old, List<Step> by) {
    int at = program.steps.indexOf(old);
    program.steps.remove(at);
    program.steps.addAll(at, by);
  }

  /**
   * The convolution of some of the channels.
   *
   * @param slots that are joined
   * @param from the first of the channels
   * @param sum what the first part writes and the other adds to
   */
  private List<Step> part(List<Integer> slots, long from, long count, int sum, boolean first) {
    List<Step> steps = new ArrayList<>();
    int input = slots.get(0);
    String name = first ? program.partName(step.name) : step.name;
    if (slots.size() > 1) {
      Shape shape = program.shapes.get(input);
      long[] sizes = shape.toArray();
      sizes[1] = count;
      input = program.slot(program.types.get(input), Shape.of(sizes));
      steps.add(new Step(name + ".input", new Layouts.Joined(1), slots, input));
    }
    List<Integer> inputs = new ArrayList<>();
    inputs.add(input);
    inputs.add(cut.constant(step.inputs.get(1), 1, from, count));
    boolean bias = convolution.bias() && !first;
    if (bias) {
      inputs.add(step.inputs.get(2));
    }
    if (!first) {
      inputs.add(sum);
    } else if (convolution.residual()) {
      inputs.add(step.inputs.get(step.inputs.size() - 1));
    }
    Conv3d of = convolution.convolution();
    Operation operation =
        first
            ? new Convolution(
                of.toBuilder().activation(Conv3d.Activation.NONE).build(),
                false,
                convolution.residual())
            : new Convolution(of, bias, true);
    steps.add(new Step(name, operation, inputs, first ? sum : step.output));
    return steps;
  }
}
