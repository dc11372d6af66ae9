package org.voxkern.onnx;

import ai.onnx.proto.OnnxMl.TensorProto;
import java.util.List;
import java.util.Map;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Size;
import org.voxkern.graph.SymbolicShape;
import org.voxkern.onnx.Operators.Mapper;
import org.voxkern.op.Convert;
import org.voxkern.op.Expand;
import org.voxkern.op.Range;

/** What does not depend on the values of inputs: constants, shapes, and which branch is taken. */
final class ConstantOperators {
  private ConstantOperators() {}

  static void addTo(Map<String, Mapper> operators) {
    operators.put("Constant", ConstantOperators::constant);
    operators.put("ConstantOfShape", ConstantOperators::constantOfShape);
    operators.put("EyeLike", ConstantOperators::eyeLike);
    operators.put("Range", ConstantOperators::range);
    operators.put("Shape", ConstantOperators::shape);
    operators.put("Size", ConstantOperators::size);
    operators.put("If", ConstantOperators::branch);
    operators.put("Identity", node -> node.set(0, node.operand(0)));
  }

  private static void constant(NodeImport node) {
    Attributes attributes = node.attributes();
    TensorProto stored = attributes.tensor("value");
    if (stored != null) {
      Tensor tensor = node.read(stored);
      node.set(0, tensor);
      return;
    }
    node.set(0, ofNumbers(node, attributes));
  }

  private static Tensor ofNumbers(NodeImport node, Attributes attributes) {
    var context = node.importer().context();
    if (attributes.has("value_int")) {
      return Tensor.of(context, new long[] {attributes.integer("value_int", 0)});
    }
    if (attributes.has("value_float")) {
      return Tensor.of(context, new float[] {(float) attributes.number("value_float", 0)});
    }
    if (attributes.has("value_ints")) {
      long[] values = attributes.integers("value_ints");
      return Tensor.of(context, values, values.length);
    }
    if (attributes.has("value_floats")) {
      float[] values = attributes.numbers("value_floats");
      return Tensor.of(context, values, values.length);
    }
    throw new UnsupportedOperationException("supported are constants of dense numbers");
  }

  private static void constantOfShape(NodeImport node) {
    TensorProto stored = node.attributes().tensor("value");
    Tensor value =
        stored == null
            ? Tensor.of(node.importer().context(), new float[] {0}, 1)
            : node.read(stored);
    if (value.elementCount() != 1) {
      throw new IllegalArgumentException("its value is " + value + ", expected one element");
    }
    Shape shape = Shape.of(node.integers(0));
    Tensor output = Tensor.uninitialized(value.context(), value.type(), shape);
    Expand.to(shape).apply(value.view(value.type(), Shape.of(), 0), output);
    node.set(0, output);
  }

  private static void eyeLike(NodeImport node) {
    Shape shape = Step.known(List.of(node.shape(0))).get(0);
    if (shape.rank() != 2) {
      throw new IllegalArgumentException("input 0 is " + shape + ", expected a matrix");
    }
    long code = node.attributes().integer("dtype", OnnxTensors.code(node.type(0)));
    long diagonal = node.attributes().integer("k", 0);
    float[] values = new float[Math.toIntExact(shape.elementCount())];
    for (long row = 0; row < shape.size(0); row++) {
      long column = row + diagonal;
      if (column >= 0 && column < shape.size(1)) {
        values[(int) (row * shape.size(1) + column)] = 1;
      }
    }
    Tensor ones = Tensor.of(node.importer().context(), values, shape.toArray());
    node.set(0, Convert.to(ones, OnnxTensors.elementType((int) code)));
  }

  private static void range(NodeImport node) {
    ElementType type = node.type(0);
    var context = node.importer().context();
    boolean whole = type == ElementType.I64 || type == ElementType.I32;
    if (whole) {
      long start = node.integer(0);
      Shape shape = Range.outputShape(start, node.integer(1), node.integer(2));
      Tensor output = Tensor.uninitialized(context, type, shape);
      Range.apply(start, node.integer(2), output);
      node.set(0, output);
      return;
    }
    if (type != ElementType.F32 && type != ElementType.F64) {
      throw node.unsupportedType(0, "i32, i64, f32 and f64");
    }
    double start = node.number(0);
    double limit = node.number(1);
    double delta = node.number(2);
    Shape shape =
        type == ElementType.F32
            ? Range.outputShape((float) start, (float) limit, (float) delta)
            : Range.outputShape(start, limit, delta);
    Tensor output = Tensor.uninitialized(context, type, shape);
    Range.apply(start, delta, output);
    node.set(0, output);
  }

  private static void shape(NodeImport node) {
    int rank = node.rank(0);
    long start = bounded(node.attributes().integer("start", 0), rank);
    long end = bounded(node.attributes().integer("end", rank), rank);
    List<Size> sizes = node.shape(0).sizes().subList((int) start, (int) Math.max(start, end));
    setSizes(node, sizes, SymbolicShape.of(sizes.size()));
  }

  private static long bounded(long axis, int rank) {
    return Math.max(0, Math.min(rank, axis < 0 ? axis + rank : axis));
  }

  private static void size(NodeImport node) {
    setSizes(node, List.of(node.shape(0).elementCount()), SymbolicShape.of());
  }

  /** Numbers where all are known, else sizes of the graph. */
  static void setSizes(NodeImport node, List<Size> sizes, SymbolicShape shape) {
    if (sizes.stream().allMatch(Size::isKnown)) {
      node.set(0, node.importer().longs(sizes, shape.known()));
    } else {
      node.set(0, Operand.of(sizes, shape));
    }
  }

  /** The branch that is taken must be known now. */
  private static void branch(NodeImport node) {
    boolean condition = node.integer(0) != 0;
    var taken = node.attributes().graph("then_branch");
    var other = node.attributes().graph("else_branch");
    List<Operand> results = node.importer().inline(condition ? taken : other);
    for (int output = 0; output < results.size(); output++) {
      node.set(output, results.get(output));
    }
  }
}
