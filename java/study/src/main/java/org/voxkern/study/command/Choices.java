package org.voxkern.study.command;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.voxkern.op.Warp3d.Interpolation;
import org.voxkern.registration.DeformationModel;
import org.voxkern.registration.Initialization;
import org.voxkern.registration.SimilarityMeasure;
import org.voxkern.registration.TransformKind;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** An option that takes one of a few words. */
abstract class Choices<T> implements ITypeConverter<T>, Iterable<String> {
  private final Map<String, T> values = new LinkedHashMap<>();

  final void add(String word, T value) {
    values.put(word, value);
  }

  @Override
  public T convert(String word) {
    T value = values.get(word.toLowerCase(Locale.ROOT));
    if (value == null) {
      throw new TypeConversionException(
          "'" + word + "' is none of " + String.join(", ", values.keySet()));
    }
    return value;
  }

  /** The word for a value. */
  final String word(T value) {
    for (Map.Entry<String, T> entry : values.entrySet()) {
      if (entry.getValue().equals(value)) {
        return entry.getKey();
      }
    }
    return value.toString().toLowerCase(Locale.ROOT);
  }

  @Override
  public Iterator<String> iterator() {
    return values.keySet().iterator();
  }

  /** {@code --transform}. */
  static final class Transform extends Choices<TransformKind> {
    Transform() {
      add("translation", TransformKind.TRANSLATION);
      add("rigid", TransformKind.RIGID);
      add("similarity", TransformKind.SIMILARITY);
      add("affine", TransformKind.AFFINE);
      add("deformable", TransformKind.DEFORMABLE);
    }
  }

  /** {@code --metric} and {@code --deformable-metric}. */
  static final class Metric extends Choices<SimilarityMeasure> {
    Metric() {
      add("mi", SimilarityMeasure.MATTES_MI);
      add("nmi", SimilarityMeasure.NMI);
      add("ncc", SimilarityMeasure.NCC);
      add("lncc", SimilarityMeasure.LNCC);
      add("ssd", SimilarityMeasure.SSD);
    }
  }

  /** {@code --model}. */
  static final class Model extends Choices<DeformationModel> {
    Model() {
      add("bspline", DeformationModel.B_SPLINE);
      add("bspline-velocity", DeformationModel.B_SPLINE_VELOCITY);
      add("velocity", DeformationModel.VELOCITY);
      add("greedy", DeformationModel.GREEDY);
    }
  }

  /** {@code --init}. */
  static final class Start extends Choices<Initialization> {
    Start() {
      add("identity", Initialization.IDENTITY);
      add("geometry", Initialization.GEOMETRY);
      add("center-of-mass", Initialization.CENTER_OF_MASS);
      add("moments", Initialization.MOMENTS);
      add("multi-start", Initialization.MULTI_START);
    }
  }

  /** {@code --interpolation}. */
  static final class Interpolated extends Choices<Interpolation> {
    Interpolated() {
      add("linear", Interpolation.LINEAR);
      add("nearest", Interpolation.NEAREST);
      add("cubic", Interpolation.CUBIC_B_SPLINE);
    }
  }
}
