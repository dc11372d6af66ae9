package org.voxkern.study;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.voxkern.transform.LinearTransform;

/** Linear transforms as ITK's text transform files, {@code .tfm}. */
public final class TransformText {
  private static final String FIRST_LINE = "#Insight Transform File V1.0";

  private TransformText() {}

  public static void write(LinearTransform transform, Path file) throws IOException {
    Files.writeString(
        file,
        String.format(
            Locale.ROOT,
            "%s%n#Transform 0%nTransform: %s_double_3_3%nParameters: %s%nFixedParameters: %s%n",
            FIRST_LINE,
            transform.itkName(),
            numbers(transform.parameters()),
            numbers(transform.itkFixedParameters())));
  }

  /**
   * @throws BadInputException if the file does not hold one linear 3D transform
   */
  public static LinearTransform read(Path file) throws IOException {
    String type = null;
    double[] parameters = null;
    double[] fixedParameters = new double[0];
    for (String line : Files.readAllLines(file)) {
      int colon = line.indexOf(':');
      String value = colon < 0 ? "" : line.substring(colon + 1).strip();
      if (line.startsWith("Transform:")) {
        if (type != null) {
          throw new BadInputException(file + ": several transforms; expected one");
        }
        type = value;
      } else if (line.startsWith("Parameters:")) {
        parameters = numbers(file, value);
      } else if (line.startsWith("FixedParameters:")) {
        fixedParameters = numbers(file, value);
      }
    }
    if (type == null || parameters == null) {
      throw new BadInputException(file + ": no ITK transform file");
    }
    return LinearTransform.ofItk(type, parameters, fixedParameters);
  }

  private static String numbers(double[] values) {
    return Arrays.stream(values).mapToObj(Double::toString).collect(Collectors.joining(" "));
  }

  private static double[] numbers(Path file, String text) {
    try {
      return text.isEmpty()
          ? new double[0]
          : Arrays.stream(text.split("\\s+")).mapToDouble(Double::parseDouble).toArray();
    } catch (NumberFormatException error) {
      throw new BadInputException(file + ": " + error.getMessage(), error);
    }
  }
}
