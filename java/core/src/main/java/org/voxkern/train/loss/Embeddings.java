package org.voxkern.train.loss;

import org.voxkern.ElementType;
import org.voxkern.graph.Value;
import org.voxkern.op.Activation;
import org.voxkern.op.Binary;
import org.voxkern.op.Reduce;
import org.voxkern.op.Unary;

/**
 * Losses of where a network puts cases in a space of features: (N, F), one row a case, compared by
 * the Euclidean distance d.
 */
public final class Embeddings {
  /** Under the root of a distance, so that its derivative is finite where two are the same. */
  private static final double LEAST_SQUARE = 1e-12;

  /** Larger than distances, added to those that do not count. */
  private static final double FAR = 1e9;

  private Embeddings() {}

  /**
   * Contrastive loss of pairs: the mean of (s d&sup2; + (1 - s) max(0, margin - d)&sup2;) / 2, s 1
   * where a pair belongs together and 0 where not. Source: Hadsell, Chopra, LeCun, "Dimensionality
   * Reduction by Learning an Invariant Mapping", 2006.
   *
   * @param a (N, F), the first of each pair
   * @param b (N, F), the second
   * @param same (N)
   */
  public static Value contrastive(Value a, Value b, Value same, double margin) {
    Targets.requireAlike("contrastive", a, b);
    Value square = a.subtract(b).reduce(Reduce.Reduction.SUM_SQUARE, false, 1);
    Targets.requireAlike("contrastive", square, same);
    Value gap = distance(square).times(-1).plus(margin).activation(Activation.relu());
    Value other = same.times(-1).plus(1).multiply(gap.multiply(gap));
    return same.multiply(square).add(other).mean().times(0.5);
  }

  /**
   * Triplet loss with the hardest of a batch: the mean, over the cases that have one of their class
   * and one of another, of max(0, margin + d(farthest of the class) - d(nearest of another)); 0
   * where there is no such case. Source: Hermans, Beyer, Leibe, "In Defense of the Triplet Loss",
   * 2017.
   *
   * @param classes (N), i32 or i64
   */
  public static Value hardTriplet(Value embeddings, Value classes, double margin) {
    Pairs pairs = new Pairs(embeddings, classes);
    Value farthest =
        pairs.distances.multiply(pairs.positive).reduce(Reduce.Reduction.MAX, false, 1);
    Value nearest = near(pairs.distances, pairs.negative, 1);
    Value valid =
        pairs
            .positive
            .reduce(Reduce.Reduction.MAX, false, 1)
            .multiply(pairs.negative.reduce(Reduce.Reduction.MAX, false, 1));
    Value loss = farthest.subtract(nearest).plus(margin).activation(Activation.relu());
    return Targets.mean(loss.multiply(valid).sum(), valid.sum());
  }

  /**
   * Triplet loss with semi-hard negatives: the mean, over all pairs of a class that has another, of
   * max(0, margin + d(pair) - d(negative)), where the negative is the nearest that is farther than
   * the pair, or the farthest where none is. Source: Schroff, Kalenichenko, Philbin, "FaceNet",
   * 2015.
   *
   * @param classes (N), i32 or i64
   */
  public static Value semiHardTriplet(Value embeddings, Value classes, double margin) {
    Pairs pairs = new Pairs(embeddings, classes);
    Value ofPair = pairs.distances.unsqueeze(2);
    Value toOther = pairs.distances.unsqueeze(1);
    Value farther =
        toOther
            .binary(Binary.Function.GREATER, ofPair)
            .cast(embeddings.type())
            .multiply(pairs.negative.unsqueeze(1));
    Value some = farther.reduce(Reduce.Reduction.MAX, false, 2);
    Value semiHard = near(toOther, farther, 2);
    Value farthest = pairs.distances.multiply(pairs.negative).reduce(Reduce.Reduction.MAX, true, 1);
    Value none = some.times(-1).plus(1);
    Value negative = some.multiply(semiHard).add(none.multiply(farthest));
    Value valid = pairs.positive.multiply(pairs.negative.reduce(Reduce.Reduction.MAX, true, 1));
    Value loss = pairs.distances.subtract(negative).plus(margin).activation(Activation.relu());
    return Targets.mean(loss.multiply(valid).sum(), valid.sum());
  }

  /**
   * Grading by an ordered margin, a loss of this library's own: scores of cases of a higher grade
   * shall exceed those of a lower one by a margin for every grade between them. The mean, over the
   * pairs of different grades g, of max(0, margin (g(i) - g(j)) - (s(i) - s(j))) with g(i) &gt;
   * g(j); 0 where all grades are the same. It is 0 exactly where every pair keeps its margin, and
   * does not change when all scores move together.
   *
   * @param scores (N)
   * @param grades (N), i32 or i64
   */
  public static Value grading(Value scores, Value grades, double margin) {
    Value grade = grades.cast(scores.type());
    Targets.requireAlike("grading", scores, grade);
    Value steps = grade.unsqueeze(1).subtract(grade.unsqueeze(0));
    Value higher = steps.binary(Binary.Function.GREATER, steps.times(0)).cast(scores.type());
    Value gain = scores.unsqueeze(1).subtract(scores.unsqueeze(0));
    Value loss = steps.times(margin).subtract(gain).activation(Activation.relu());
    return Targets.mean(loss.multiply(higher).sum(), higher.sum());
  }

  private static Value distance(Value square) {
    return square.plus(LEAST_SQUARE).unary(Unary.Function.SQRT);
  }

  /** The least of the distances that count, far where none does. */
  private static Value near(Value distances, Value counted, int axis) {
    Value away = counted.times(-FAR).plus(FAR);
    return distances.add(away).reduce(Reduce.Reduction.MIN, false, axis);
  }

  /** Of all cases of a batch: (N, N). */
  private static final class Pairs {
    final Value distances;

    /** 1 where two are of a class and not the same case. */
    final Value positive;

    /** 1 where two are not of a class. */
    final Value negative;

    Pairs(Value embeddings, Value classes) {
      if (embeddings.shape().rank() != 2 || classes.shape().rank() != 1) {
        throw new IllegalArgumentException(
            "triplets: embeddings "
                + embeddings.shape()
                + " and classes "
                + classes.shape()
                + ", expected (N, F) and (N)");
      }
      ElementType type = embeddings.type();
      Value square =
          embeddings
              .unsqueeze(1)
              .subtract(embeddings.unsqueeze(0))
              .reduce(Reduce.Reduction.SUM_SQUARE, false, 2);
      distances = distance(square);
      Value column = classes.unsqueeze(1);
      Value row = classes.unsqueeze(0);
      negative = column.binary(Binary.Function.NOT_EQUAL, row).cast(type);
      Value together = column.binary(Binary.Function.EQUAL, row).cast(type);
      // Numbers 0 .. N - 1 by counting ones, to tell a case from itself.
      Value ones = classes.cast(type).times(0).plus(1);
      Value number = ones.apply(new RunningSum());
      Value other =
          number.unsqueeze(1).binary(Binary.Function.NOT_EQUAL, number.unsqueeze(0)).cast(type);
      positive = together.multiply(other);
    }
  }
}
