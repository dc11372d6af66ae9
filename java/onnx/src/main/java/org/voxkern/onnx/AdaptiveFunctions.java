package org.voxkern.onnx;

import static org.voxkern.onnx.ExportGraph.flag;
import static org.voxkern.onnx.ExportGraph.integer;
import static org.voxkern.onnx.ExportGraph.integers;

import ai.onnx.proto.OnnxMl.FunctionProto;
import java.util.List;

/**
 * Pools to a given number of voxels, an axis after the other: the i-th of o windows over D voxels
 * is from floor(i D / o) to before ceil((i + 1) D / o). An average is a product with a matrix that
 * has the windows as rows; of a maximum each window masks the others' voxels.
 */
final class AdaptiveFunctions {
  /** Attributes: how many voxels along each axis. */
  static final List<String> SIZES = List.of("depth", "height", "width");

  private static final List<long[]> AXIS_LAST =
      List.of(new long[] {0, 1, 4, 3, 2}, new long[] {0, 1, 2, 4, 3}, new long[] {0, 1, 2, 3, 4});

  private final Functions function;
  private final boolean max;
  private final String zero;
  private final String one;
  private final String first;
  private final String last;
  private final String beforeLast;

  private AdaptiveFunctions(Functions function, boolean max) {
    this.function = function;
    this.max = max;
    zero = function.constant("zero", ExportGraph.whole(0));
    one = function.constant("one", ExportGraph.whole(1));
    first = function.constant("first", ExportGraph.longs(1));
    last = function.constant("last", ExportGraph.longs(-1));
    beforeLast = function.constant("before_last", ExportGraph.longs(-2));
  }

  static String name(boolean max) {
    return max ? "AdaptiveMaxPool" : "AdaptiveAveragePool";
  }

  static FunctionProto of(boolean max) {
    Functions function = new Functions(name(max), List.of("x"), SIZES.toArray(String[]::new));
    AdaptiveFunctions pools = new AdaptiveFunctions(function, max);
    String value = "x";
    for (int axis = 0; axis < 3; axis++) {
      value = pools.along(axis, value);
    }
    return function.withResult(value);
  }

  private String along(int axis, String value) {
    String end = "." + SIZES.get(axis);
    String inside = windows(axis, value, end);
    long[] order = AXIS_LAST.get(axis);
    String turned =
        function.add("Transpose", "turned" + end, List.of(value), integers("perm", order));
    String pooled = max ? maximum(turned, inside, end) : average(turned, inside, end);
    return function.add("Transpose", "pooled" + end, List.of(pooled), integers("perm", order));
  }

  /** Which voxels each window has: (windows, voxels). */
  private String windows(int axis, String value, String end) {
    String count = function.whole(SIZES.get(axis));
    String shape = function.add("Shape", "shape" + end, value);
    String at = function.constant("axis" + end, ExportGraph.whole(axis + 2));
    String size = function.add("Gather", "size" + end, shape, at);
    String window = function.add("Range", "window" + end, zero, count, one);
    String column = function.add("Unsqueeze", "column" + end, window, first);
    String voxel = function.add("Range", "voxel" + end, zero, size, one);
    String begin =
        function.add(
            "Div", "begin" + end, function.add("Mul", "begins" + end, column, size), count);
    String next =
        function.add("Mul", "next" + end, function.add("Add", "n" + end, column, one), size);
    String up = function.add("Sub", "up" + end, count, one);
    String past =
        function.add("Div", "past" + end, function.add("Add", "rounded" + end, next, up), count);
    return function.add(
        "And",
        "inside" + end,
        function.add("GreaterOrEqual", "after" + end, voxel, begin),
        function.add("Less", "before" + end, voxel, past));
  }

  private String average(String value, String inside, String end) {
    String marks = function.add("Cast", "marks" + end, List.of(inside), integer("to", 1));
    String count = function.add("ReduceSum", "count" + end, marks, last);
    String rows = function.add("Div", "rows" + end, marks, count);
    String columns =
        function.add("Transpose", "columns" + end, List.of(rows), integers("perm", 1, 0));
    return function.add("MatMul", "average" + end, value, columns);
  }

  private String maximum(String value, String inside, String end) {
    String least = function.scalar("least" + end, Double.NEGATIVE_INFINITY);
    String row = function.add("Unsqueeze", "row" + end, value, beforeLast);
    String seen = function.add("Where", "seen" + end, inside, row, least);
    return function.add("ReduceMax", "largest" + end, List.of(seen, last), flag("keepdims", false));
  }
}
