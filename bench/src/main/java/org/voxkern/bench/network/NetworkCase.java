package org.voxkern.bench.network;

import java.util.List;
import java.util.Set;
import org.voxkern.Shape;
import org.voxkern.op.Conv3d;

/**
 * One job that every contender does.
 *
 * @param name of the job
 * @param operation whose benchmark it belongs to, as {@code voxkern bench} names it
 * @param kind what is computed
 * @param size of the input, z, y, x; of boxes their number
 * @param in channels of the input
 * @param out channels of the output
 * @param window kernel, stride, dilation, padding
 * @param target what is aimed at
 * @param accuracy error that is accepted, as {@link Conv3d.Builder#accuracy} says
 */
record NetworkCase(
    String name,
    String operation,
    Kind kind,
    int[] size,
    int in,
    int out,
    Window window,
    Target target,
    double accuracy) {

  private NetworkCase(
      String name,
      String operation,
      Kind kind,
      int[] size,
      int in,
      int out,
      Window window,
      Target target) {
    this(name, operation, kind, size, in, out, window, target, Conv3d.USUAL_ACCURACY);
  }

  /** The same with another error accepted. */
  private NetworkCase accepting(String suffix, double error, Target aim) {
    return new NetworkCase(
        name + ", " + suffix, operation, kind, size, in, out, window, aim, error);
  }

  /** Whether it is the job that every library does: in f32, without a say in the algorithm. */
  boolean usual() {
    return accuracy == Conv3d.USUAL_ACCURACY;
  }

  /** Whether peers may compute in bfloat16. */
  boolean bfloat16() {
    return accuracy >= Conv3d.BFLOAT16_ACCURACY;
  }

  enum Kind {
    CONV,
    CONV_GRADIENT_INPUT,
    CONV_GRADIENT_WEIGHTS,
    CONV_TRANSPOSE,
    MAX_POOL,
    AVERAGE_POOL,
    /** Instance normalisation with scale and shift, then leaky ReLU of slope 0.01. */
    INSTANCE_NORM,
    /** Trilinear, zeros outside, align_corners false. */
    GRID_SAMPLE,
    /** With respect to input and grid. */
    GRID_SAMPLE_GRADIENT,
    /** Boxes in the plane, IoU threshold 0.5. */
    NMS
  }

  /** The same along all axes. */
  record Window(int kernel, int stride, int dilation, int padding, int groups) {
    static Window of(int kernel) {
      return new Window(kernel, 1, 1, 0, 1);
    }

    /** Padding that keeps the size at stride 1. */
    Window same() {
      return new Window(kernel, stride, dilation, dilation * (kernel - 1) / 2, groups);
    }

    Window stride(int value) {
      return new Window(kernel, value, dilation, padding, groups);
    }

    Window dilation(int value) {
      return new Window(kernel, stride, value, padding, groups);
    }

    Window groups(int value) {
      return new Window(kernel, stride, dilation, padding, value);
    }

    private long outputSize(long size) {
      return (size + 2L * padding - (kernel - 1L) * dilation - 1) / stride + 1;
    }
  }

  /**
   * @param ratio of a peer's time to ours, at least
   * @param beside the peers that are meant, the fastest of them; all if empty
   */
  record Target(double ratio, Set<String> beside) {
    static Target best(double ratio) {
      return new Target(ratio, Set.of());
    }

    static Target oneDnn(double ratio) {
      return new Target(ratio, Set.of("onednn"));
    }
  }

  Shape inputShape() {
    return Shape.of(1, in, size[0], size[1], size[2]);
  }

  Shape outputShape() {
    return switch (kind) {
      case CONV_TRANSPOSE -> shape(out, axis -> (size[axis] - 1L) * window.stride + window.kernel);
      case CONV, CONV_GRADIENT_INPUT, CONV_GRADIENT_WEIGHTS, MAX_POOL, AVERAGE_POOL ->
          shape(out, axis -> window.outputSize(size[axis]));
      default -> inputShape();
    };
  }

  private static Shape shape(int channels, java.util.function.IntToLongFunction size) {
    return Shape.of(1, channels, size.applyAsLong(0), size.applyAsLong(1), size.applyAsLong(2));
  }

  Shape weightsShape() {
    long k = window.kernel;
    return kind == Kind.CONV_TRANSPOSE
        ? Shape.of(in, out / window.groups, k, k, k)
        : Shape.of(out, in / window.groups, k, k, k);
  }

  /** The share of the result's numbers that its first tensor has. */
  double firstPart() {
    return kind == Kind.GRID_SAMPLE_GRADIENT ? in / (in + 3.0) : 1;
  }

  /** Multiply-adds counted twice, of the direct algorithm; 0 where memory alone bounds it. */
  double operations() {
    double taps = Math.pow(window.kernel, 3);
    return switch (kind) {
      case CONV, CONV_GRADIENT_INPUT, CONV_GRADIENT_WEIGHTS ->
          2 * taps * in / window.groups * outputShape().elementCount();
      case CONV_TRANSPOSE -> 2 * taps * out / window.groups * inputShape().elementCount();
      default -> 0;
    };
  }

  /** What a program's first result is measured by. */
  static final NetworkCase FIRST =
      conv("1 to 8 k3, 64^3", 64, 1, 8, Window.of(3).same(), Target.best(1));

  private static final NetworkCase LEVEL_1 =
      conv("32 to 32 k3, 128^3", 128, 32, 32, Window.of(3).same(), Target.oneDnn(2.5));
  private static final NetworkCase LEVEL_2 =
      conv("64 to 64 k3, 64^3", 64, 64, 64, Window.of(3).same(), Target.best(3));
  private static final NetworkCase STRIDED =
      conv("32 to 64 k3 s2, 128^3", 128, 32, 64, Window.of(3).same().stride(2), Target.best(1.05));

  /** Those of the table in bench/README.md. */
  static final List<NetworkCase> ALL =
      List.of(
          LEVEL_1,
          LEVEL_1.accepting("direct", Conv3d.MOST_ACCURATE, Target.oneDnn(0.95)),
          LEVEL_1.accepting("bf16 accepted", Conv3d.BFLOAT16_ACCURACY, Target.oneDnn(0.95)),
          conv("1 to 32 k3, 128^3", 128, 1, 32, Window.of(3).same(), Target.best(1.3)),
          LEVEL_2,
          LEVEL_2.accepting("direct", Conv3d.MOST_ACCURATE, Target.oneDnn(0.95)),
          LEVEL_2.accepting("bf16 accepted", Conv3d.BFLOAT16_ACCURACY, Target.oneDnn(0.95)),
          conv("256 to 256 k3, 16^3", 16, 256, 256, Window.of(3).same(), Target.best(2.5)),
          STRIDED,
          STRIDED.accepting("bf16 accepted", Conv3d.BFLOAT16_ACCURACY, Target.oneDnn(0.95)),
          conv("32 to 3 k1, 128^3", 128, 32, 3, Window.of(1), Target.best(1.5)),
          conv(
              "21 to 21 k3 d4, 128^3",
              128,
              21,
              21,
              Window.of(3).dilation(4).same(),
              Target.best(2)),
          conv(
              "depthwise 64 k3, 64^3",
              64,
              64,
              64,
              Window.of(3).same().groups(64),
              Target.best(2.5)),
          new NetworkCase(
              "gradient of input, 32 to 32 k3, 128^3",
              "conv3d",
              Kind.CONV_GRADIENT_INPUT,
              new int[] {128, 128, 128},
              32,
              32,
              Window.of(3).same(),
              Target.best(2.2)),
          new NetworkCase(
              "gradient of weights, 32 to 32 k3, 128^3",
              "conv3d",
              Kind.CONV_GRADIENT_WEIGHTS,
              new int[] {128, 128, 128},
              32,
              32,
              Window.of(3).same(),
              Target.best(1.1)),
          new NetworkCase(
              "64 to 32 k2 s2, from 64^3",
              "conv3d-transposed",
              Kind.CONV_TRANSPOSE,
              new int[] {64, 64, 64},
              64,
              32,
              Window.of(2).stride(2),
              Target.best(1.4)),
          new NetworkCase(
              "max k2 s2, 32 channels, 128^3",
              "max-pool",
              Kind.MAX_POOL,
              new int[] {128, 128, 128},
              32,
              32,
              Window.of(2).stride(2),
              Target.best(1.4)),
          new NetworkCase(
              "average k2 s2, 32 channels, 128^3",
              "average-pool",
              Kind.AVERAGE_POOL,
              new int[] {128, 128, 128},
              32,
              32,
              Window.of(2).stride(2),
              Target.best(1.4)),
          new NetworkCase(
              "instance norm + leaky ReLU, 32 channels, 128^3",
              "group-norm",
              Kind.INSTANCE_NORM,
              new int[] {128, 128, 128},
              32,
              32,
              Window.of(1),
              Target.best(1.4)),
          sample("grid sample, 1 channel, 160x192x224", Kind.GRID_SAMPLE, 1),
          sample("grid sample, 3 channels, 160x192x224", Kind.GRID_SAMPLE, 3),
          sample("gradient of grid sample, 1 channel", Kind.GRID_SAMPLE_GRADIENT, 1),
          nms("NMS, 10 000 boxes in 2D", 10_000, 4),
          nms("NMS, 50 000 boxes in 2D", 50_000, 15));

  private static NetworkCase conv(
      String name, int size, int in, int out, Window window, Target target) {
    return new NetworkCase(
        name, "conv3d", Kind.CONV, new int[] {size, size, size}, in, out, window, target);
  }

  private static NetworkCase sample(String name, Kind kind, int channels) {
    return new NetworkCase(
        name,
        "grid-sample",
        kind,
        new int[] {224, 192, 160},
        channels,
        channels,
        Window.of(1),
        Target.best(20));
  }

  private static NetworkCase nms(String name, int boxes, double ratio) {
    return new NetworkCase(
        name, "nms", Kind.NMS, new int[] {1, 1, boxes}, 1, 1, Window.of(1), Target.best(ratio));
  }
}
