package org.voxkern.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.voxkern.Shape;

/** Sizes of a value of a graph, slowest axis first, each a number or an expression of symbols. */
public final class SymbolicShape {
  private final List<Size> sizes;

  private SymbolicShape(List<Size> sizes) {
    this.sizes = List.copyOf(sizes);
  }

  /**
   * @throws IllegalArgumentException if there are more than eight sizes, or one is negative
   */
  public static SymbolicShape of(List<Size> sizes) {
    SymbolicShape shape = new SymbolicShape(sizes);
    if (sizes.size() > Shape.MAX_RANK) {
      throw new IllegalArgumentException(
          "shape " + shape + " has more than " + Shape.MAX_RANK + " sizes");
    }
    if (sizes.stream().anyMatch(size -> size.isKnown() && size.value() < 0)) {
      throw new IllegalArgumentException("negative size in shape " + shape);
    }
    return shape;
  }

  public static SymbolicShape of(Size... sizes) {
    return of(Arrays.asList(sizes));
  }

  public static SymbolicShape of(Shape shape) {
    return of(Arrays.stream(shape.toArray()).mapToObj(Size::of).toList());
  }

  /** Of sizes that are numbers ({@link Long}, {@link Integer}), names, or {@link Size}s. */
  public static SymbolicShape of(Object... sizes) {
    return of(Arrays.stream(sizes).map(SymbolicShape::sizeOf).toList());
  }

  static Size sizeOf(Object size) {
    if (size instanceof Size known) {
      return known;
    }
    if (size instanceof String name) {
      return Size.symbol(name);
    }
    if (size instanceof Integer || size instanceof Long) {
      return Size.of(((Number) size).longValue());
    }
    throw new IllegalArgumentException("not a size: " + size);
  }

  public int rank() {
    return sizes.size();
  }

  /** The size along an axis, negative from the end. */
  public Size size(int axis) {
    return sizes.get(axis(axis));
  }

  public List<Size> sizes() {
    return sizes;
  }

  /**
   * An axis counted from the first, given one that may be counted from the end.
   *
   * @throws IllegalArgumentException if there is no such axis
   */
  int axis(int axis) {
    if (axis < -rank() || axis >= rank()) {
      throw new IllegalArgumentException("shape " + this + " has no axis " + axis);
    }
    return axis < 0 ? axis + rank() : axis;
  }

  /** This shape with another size along an axis. */
  public SymbolicShape with(int axis, Size size) {
    List<Size> changed = new ArrayList<>(sizes);
    changed.set(axis(axis), size);
    return of(changed);
  }

  /**
   * The number along an axis, which a rule cannot do without.
   *
   * @throws IllegalArgumentException if it is not known yet
   */
  public long known(int axis) {
    if (!size(axis).isKnown()) {
      throw new IllegalArgumentException(
          "axis " + axis + " of shape " + this + " must be a number, not a symbol");
    }
    return size(axis).value();
  }

  public Size elementCount() {
    return sizes.stream().reduce(Size.of(1), Size::times);
  }

  public boolean isKnown() {
    return sizes.stream().allMatch(Size::isKnown);
  }

  /**
   * This shape as numbers.
   *
   * @throws IllegalStateException if it has symbols
   */
  public Shape known() {
    return Shape.of(sizes.stream().mapToLong(Size::value).toArray());
  }

  public Shape evaluate(Map<String, Long> symbols) {
    return Shape.of(sizes.stream().mapToLong(size -> size.evaluate(symbols)).toArray());
  }

  /**
   * The shape that two shapes broadcast to, as NumPy has it. Sizes that cannot be compared yet are
   * taken to be equal.
   *
   * @throws IllegalArgumentException if they do not, naming both
   */
  public SymbolicShape broadcast(SymbolicShape other) {
    List<Size> result = new ArrayList<>();
    for (int back = 1; back <= Math.max(rank(), other.rank()); back++) {
      Size a = back > rank() ? Size.of(1) : size(-back);
      Size b = back > other.rank() ? Size.of(1) : other.size(-back);
      if (!a.is(1) && !b.is(1) && a.compare(b) == Size.Relation.DIFFERENT) {
        throw new IllegalArgumentException(
            "shapes " + this + " and " + other + " do not broadcast");
      }
      result.add(a.is(1) || b.isKnown() && !b.is(1) ? b : a);
    }
    Collections.reverse(result);
    return of(result);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SymbolicShape shape && sizes.equals(shape.sizes);
  }

  @Override
  public int hashCode() {
    return sizes.hashCode();
  }

  @Override
  public String toString() {
    return sizes.stream().map(Size::toString).collect(Collectors.joining(", ", "(", ")"));
  }
}
