package org.voxkern.cases;

import java.util.Locale;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.op.Gather;
import org.voxkern.op.Scatter;
import org.voxkern.testing.SplitMix64;

/** What lines of {@code gather} and {@code scatter} share. */
final class IndexingInputs {
  final Shape data;
  final Input indices;
  private final String kind;
  private final int axis;
  private final boolean refused;

  IndexingInputs(Case test) {
    CaseLine line = test.line();
    kind = line.word("kind", "");
    axis = (int) line.integer("axis", 0);
    data = line.shape("shape");
    refused = !line.word("expect", "ok").equals("ok");
    Shape shape = line.shape("indices");
    boolean narrow = line.word("index_type", "i64").equals("i32");
    indices = test.input("indices", narrow ? ElementType.I32 : ElementType.I64, shape);
    int at = axis < 0 ? axis + data.rank() : axis;
    int depth = kind.equals("tuples") ? (int) shape.size(shape.rank() - 1) : 1;
    SplitMix64 random = new SplitMix64(line.seed(), "indices");
    for (int i = 0; i < indices.count(); i++) {
      int along = at + i % depth;
      long size = along < data.rank() ? data.size(along) : 1;
      indices.set(i, size == 0 ? 0 : random.below(2 * size) - size);
    }
    if (line.flag("outside", false)) {
      indices.set(indices.count() / 2, data.size(at));
    }
  }

  Gather gather() {
    return switch (kind) {
      case "slices" -> Gather.slices(axis);
      case "elements" -> Gather.elements(axis);
      case "tuples" -> Gather.tuples(axis);
      default -> throw new IllegalArgumentException("kind=" + kind);
    };
  }

  Scatter scatter(String mode) {
    Scatter.Mode how = Scatter.Mode.valueOf(mode.toUpperCase(Locale.ROOT));
    return switch (kind) {
      case "slices" -> Scatter.slices(axis, how);
      case "elements" -> Scatter.elements(axis, how);
      default -> Scatter.tuples(axis, how);
    };
  }

  /** Of gather's output and of scatter's updates; where the line must be refused, some shape. */
  Shape picked() {
    try {
      return gather().outputShape(data, indices.shape());
    } catch (IllegalArgumentException refusal) {
      if (refused) {
        return data;
      }
      throw refusal;
    }
  }
}
