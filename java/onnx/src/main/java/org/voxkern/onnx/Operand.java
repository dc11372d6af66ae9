package org.voxkern.onnx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.voxkern.ElementType;
import org.voxkern.Tensor;
import org.voxkern.graph.Size;
import org.voxkern.graph.SymbolicShape;
import org.voxkern.graph.Value;

/**
 * A value of an ONNX graph while it is imported: a node of the graph that is built, or a constant,
 * or whole numbers that depend on sizes which are symbols.
 */
final class Operand {
  /** A constant, or null. */
  private final Tensor tensor;

  /** The name of a constant that is a weight, which becomes a parameter; else null. */
  private final String weight;

  /** Whole numbers, or null. */
  private final List<Size> sizes;

  private final SymbolicShape shape;
  private final ElementType type;

  /** A node, or null until it is asked for. */
  private Value value;

  /** The node with space made three axes, or null. */
  private final Value volume;

  /** The axis whose rows a run finds, or null. */
  private BoundedRows rows;

  private Operand(
      Tensor tensor,
      String weight,
      List<Size> sizes,
      SymbolicShape shape,
      ElementType type,
      Value value,
      Value volume) {
    this.tensor = tensor;
    this.weight = weight;
    this.sizes = sizes;
    this.shape = shape;
    this.type = type;
    this.value = value;
    this.volume = volume;
  }

  static Operand of(Value value) {
    return new Operand(null, null, null, value.shape(), value.type(), value, null);
  }

  /** Of a volume that has axes of size 1 before those of space. */
  static Operand ofVolume(Value volume, int spaceAxes) {
    List<Size> sizes = new ArrayList<>(volume.shape().sizes());
    sizes.subList(2, 5 - spaceAxes).clear();
    return new Operand(null, null, null, SymbolicShape.of(sizes), volume.type(), null, volume);
  }

  static Operand of(Tensor tensor) {
    return weight(tensor, null);
  }

  /** A constant that is trained where the network is. */
  static Operand weight(Tensor tensor, String weight) {
    SymbolicShape shape = SymbolicShape.of(tensor.shape());
    return new Operand(tensor, weight, null, shape, tensor.type(), null, null);
  }

  /**
   * I64 numbers.
   *
   * @param shape of rank 0 or 1
   */
  static Operand of(List<Size> sizes, SymbolicShape shape) {
    return new Operand(null, null, sizes, shape, ElementType.I64, null, null);
  }

  SymbolicShape shape() {
    return shape;
  }

  ElementType type() {
    return type;
  }

  /** Null unless this is a constant. */
  Tensor tensor() {
    return tensor;
  }

  /** Null unless this is a weight. */
  String weight() {
    return weight;
  }

  /** Null unless this is numbers that depend on sizes. */
  List<Size> sizes() {
    return sizes;
  }

  /** Null where this is a node no more than a constant or sizes. */
  Value value() {
    if (value == null && volume != null) {
      int more = 5 - shape.rank();
      value = volume.squeeze(IntStream.range(2, 2 + more).toArray());
    }
    return value;
  }

  /** Keeps the node that a constant has become. */
  Value made(Value node) {
    value = node;
    return node;
  }

  /** Null where all sizes are as the model has them. */
  BoundedRows rows() {
    return rows;
  }

  /** The same value with an axis of such rows. */
  Operand with(BoundedRows found) {
    Operand operand = new Operand(tensor, weight, sizes, shape, type, value, volume);
    operand.rows = found;
    return operand;
  }

  /** Null where there is none. */
  Value volume() {
    return volume;
  }

  @Override
  public String toString() {
    String what = tensor != null ? "constant " : sizes != null ? sizes + " " : "";
    return what + type + " " + Arrays.toString(shape.sizes().toArray());
  }
}
