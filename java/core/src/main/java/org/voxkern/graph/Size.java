package org.voxkern.graph;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A size along an axis: a number, or an expression of named sizes.
 *
 * <p>A sum of products of symbols and of floors of divisions, with whole coefficients, in a form of
 * its own for equal expressions: what divides exactly leaves its floor, and nested floors become
 * one. Symbols stand for sizes that are not negative. Instances are immutable.
 */
public final class Size {
  /** What is known of two sizes. */
  public enum Relation {
    EQUAL,
    /** Whatever the symbols stand for. */
    DIFFERENT,
    UNDECIDED
  }

  /** A symbol, or, with a numerator, floor(numerator / divisor). */
  private record Atom(String text, Size numerator, long divisor) {}

  private static final List<Atom> ONE = List.of();
  private static final Comparator<List<Atom>> ORDER =
      Comparator.<List<Atom>>comparingInt(product -> product.isEmpty() ? 1 : 0)
          .thenComparing(Size::text);

  /** Coefficients by product, none of them 0. */
  private final SortedMap<List<Atom>, Long> terms;

  private Size(SortedMap<List<Atom>, Long> terms) {
    this.terms = terms;
  }

  public static Size of(long value) {
    return term(ONE, value);
  }

  /**
   * A size that is known when the graph is compiled, by its name.
   *
   * @throws IllegalArgumentException if the name is no identifier
   */
  public static Size symbol(String name) {
    if (!name.matches("[A-Za-z_][A-Za-z0-9_]*")) {
      throw new IllegalArgumentException("a size cannot be named '" + name + "'");
    }
    return term(List.of(new Atom(name, null, 1)), 1);
  }

  private static Size term(List<Atom> product, long coefficient) {
    SortedMap<List<Atom>, Long> terms = new TreeMap<>(ORDER);
    add(terms, product, coefficient);
    return new Size(terms);
  }

  private static void add(SortedMap<List<Atom>, Long> terms, List<Atom> product, long coefficient) {
    long sum = Math.addExact(terms.getOrDefault(product, 0L), coefficient);
    if (sum == 0) {
      terms.remove(product);
    } else {
      terms.put(product, sum);
    }
  }

  public Size plus(Size other) {
    SortedMap<List<Atom>, Long> sum = new TreeMap<>(terms);
    other.terms.forEach((product, coefficient) -> add(sum, product, coefficient));
    return new Size(sum);
  }

  public Size plus(long value) {
    return plus(of(value));
  }

  public Size minus(Size other) {
    return plus(other.times(-1));
  }

  public Size times(long factor) {
    return times(of(factor));
  }

  public Size times(Size other) {
    SortedMap<List<Atom>, Long> result = new TreeMap<>(ORDER);
    terms.forEach(
        (left, a) ->
            other.terms.forEach(
                (right, b) -> {
                  List<Atom> product = new ArrayList<>(left);
                  product.addAll(right);
                  product.sort(Comparator.comparing(Atom::text));
                  add(result, List.copyOf(product), Math.multiplyExact(a, b));
                }));
    return new Size(result);
  }

  /**
   * floor(this / divisor).
   *
   * @throws IllegalArgumentException if the divisor is below 1
   */
  public Size floorDivide(long divisor) {
    if (divisor < 1) {
      throw new IllegalArgumentException("cannot divide the size " + this + " by " + divisor);
    }
    SortedMap<List<Atom>, Long> whole = new TreeMap<>(ORDER);
    SortedMap<List<Atom>, Long> rest = new TreeMap<>(ORDER);
    terms.forEach(
        (product, coefficient) -> {
          add(whole, product, Math.floorDiv(coefficient, divisor));
          add(rest, product, Math.floorMod(coefficient, divisor));
        });
    Size result = new Size(whole);
    Size remainder = new Size(rest);
    return remainder.isKnown() ? result : result.plus(floor(remainder, divisor));
  }

  private static Size floor(Size numerator, long divisor) {
    // floor((floor(a / m) + b) / n) = floor((a + m b) / (m n))
    Size symbolic = numerator.minus(of(numerator.constant()));
    if (symbolic.terms.size() == 1) {
      List<Atom> product = symbolic.terms.firstKey();
      Atom atom = product.get(0);
      if (product.size() == 1 && atom.numerator != null && symbolic.terms.get(product) == 1) {
        Size inner = atom.numerator.plus(Math.multiplyExact(atom.divisor, numerator.constant()));
        return inner.floorDivide(Math.multiplyExact(atom.divisor, divisor));
      }
    }
    String sum = numerator.toString();
    String text = "floor(" + (sum.contains(" ") ? "(" + sum + ")" : sum) + " / " + divisor + ")";
    return term(List.of(new Atom(text, numerator, divisor)), 1);
  }

  /** Whether this is a number. */
  public boolean isKnown() {
    return terms.isEmpty() || terms.size() == 1 && terms.firstKey().isEmpty();
  }

  public boolean is(long value) {
    return isKnown() && constant() == value;
  }

  /**
   * The number that this is.
   *
   * @throws IllegalStateException if it has symbols
   */
  public long value() {
    if (!isKnown()) {
      throw new IllegalStateException("the size " + this + " is not known yet");
    }
    return constant();
  }

  private long constant() {
    return terms.getOrDefault(ONE, 0L);
  }

  public Relation compare(Size other) {
    Size difference = minus(other);
    if (!difference.isKnown()) {
      return Relation.UNDECIDED;
    }
    return difference.constant() == 0 ? Relation.EQUAL : Relation.DIFFERENT;
  }

  /**
   * The number that this is with these symbols.
   *
   * @throws IllegalArgumentException if one is missing
   */
  public long evaluate(Map<String, Long> symbols) {
    long sum = 0;
    for (Map.Entry<List<Atom>, Long> term : terms.entrySet()) {
      long product = term.getValue();
      for (Atom atom : term.getKey()) {
        product = Math.multiplyExact(product, evaluate(atom, symbols));
      }
      sum = Math.addExact(sum, product);
    }
    return sum;
  }

  private static long evaluate(Atom atom, Map<String, Long> symbols) {
    if (atom.numerator != null) {
      return Math.floorDiv(atom.numerator.evaluate(symbols), atom.divisor);
    }
    Long value = symbols.get(atom.text);
    if (value == null) {
      throw new IllegalArgumentException(
          "the size " + atom.text + " is not among the known " + new TreeSet<>(symbols.keySet()));
    }
    return value;
  }

  /** The name where this is one symbol alone, else null. */
  String symbolName() {
    if (terms.size() != 1 || terms.firstKey().size() != 1) {
      return null;
    }
    Atom atom = terms.firstKey().get(0);
    return atom.numerator == null && terms.get(terms.firstKey()) == 1 ? atom.text : null;
  }

  /**
   * How often a window fits: floor((this + padding - ((kernel - 1) dilation + 1)) / stride) + 1; 0
   * where there is nothing to see.
   *
   * @throws IllegalArgumentException if it is known not to fit once
   */
  Size windows(long kernel, long stride, long dilation, long padding) {
    long extent = (kernel - 1) * dilation + 1;
    Size padded = plus(padding);
    if (padded.is(0)) {
      return padded;
    }
    if (padded.isKnown() && padded.value() < extent) {
      throw new IllegalArgumentException(
          "a window over " + extent + " voxels does not fit into " + padded + " with the padding");
    }
    return padded.plus(stride - extent).floorDivide(stride);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Size size && terms.equals(size.terms);
  }

  @Override
  public int hashCode() {
    return terms.hashCode();
  }

  private static String text(List<Atom> product) {
    return String.join(" ", product.stream().map(Atom::text).toList());
  }

  @Override
  public String toString() {
    if (terms.isEmpty()) {
      return "0";
    }
    StringBuilder text = new StringBuilder();
    terms.forEach(
        (product, coefficient) -> {
          long shown = text.isEmpty() ? coefficient : Math.abs(coefficient);
          text.append(text.isEmpty() ? "" : coefficient < 0 ? " - " : " + ");
          if (product.isEmpty()) {
            text.append(shown);
          } else if (shown != 1) {
            text.append(shown == -1 ? "-" : shown + " ").append(text(product));
          } else {
            text.append(text(product));
          }
        });
    return text.toString();
  }
}
