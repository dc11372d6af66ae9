package org.voxkern.bench.operation;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.openjdk.jmh.annotations.Param;

/**
 * What a benchmark may be asked for beside its shape, outside of JMH, which sets the same fields.
 */
final class Variants {
  private Variants() {}

  /** Every combination of values of the parameters that one class has beside those of all. */
  static List<Map<String, String>> of(String className) {
    List<Map<String, String>> all = List.of(Map.of());
    for (Field field : fields(load(className))) {
      List<Map<String, String>> longer = new ArrayList<>();
      for (Map<String, String> each : all) {
        for (String value : field.getAnnotation(Param.class).value()) {
          Map<String, String> with = new LinkedHashMap<>(each);
          with.put(field.getName(), value);
          longer.add(with);
        }
      }
      all = longer;
    }
    return all;
  }

  /** A benchmark with these values in its own fields. */
  static OperationBenchmark make(String className, UnaryOperator<String> valueOf) {
    try {
      Class<? extends OperationBenchmark> type = load(className);
      OperationBenchmark benchmark = type.getDeclaredConstructor().newInstance();
      for (Field field : fields(type)) {
        field.setAccessible(true);
        field.set(benchmark, value(field.getType(), valueOf.apply(field.getName())));
      }
      return benchmark;
    } catch (ReflectiveOperationException failure) {
      throw new IllegalStateException(failure);
    }
  }

  private static List<Field> fields(Class<?> type) {
    List<Field> fields = new ArrayList<>();
    for (Class<?> at = type; at != OperationBenchmark.class; at = at.getSuperclass()) {
      for (Field field : at.getDeclaredFields()) {
        if (field.isAnnotationPresent(Param.class)) {
          fields.add(field);
        }
      }
    }
    return fields;
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private static Object value(Class<?> type, String text) {
    if (type.isEnum()) {
      return Enum.valueOf((Class) type, text);
    }
    if (type == int.class) {
      return Integer.parseInt(text);
    }
    if (type == boolean.class) {
      return Boolean.parseBoolean(text);
    }
    return text;
  }

  private static Class<? extends OperationBenchmark> load(String className) {
    try {
      return Class.forName(className).asSubclass(OperationBenchmark.class);
    } catch (ClassNotFoundException failure) {
      throw new IllegalStateException(failure);
    }
  }
}
