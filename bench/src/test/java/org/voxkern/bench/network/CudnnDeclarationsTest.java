package org.voxkern.bench.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.cuda.global.cudnn;
import org.junit.jupiter.api.Test;

/**
 * What the native side declares of cuDNN against what the presets have from its headers. The
 * presets' libraries are not loaded: constants are the compiler's, methods are only counted.
 */
@SuppressWarnings("deprecation")
class CudnnDeclarationsTest {
  private static final Map<String, Integer> OF_THE_HEADERS =
      Map.ofEntries(
          Map.entry("CUDNN_DATA_FLOAT", cudnn.CUDNN_DATA_FLOAT),
          Map.entry("CUDNN_DATA_DOUBLE", cudnn.CUDNN_DATA_DOUBLE),
          Map.entry("CUDNN_TENSOR_NCHW", cudnn.CUDNN_TENSOR_NCHW),
          Map.entry("CUDNN_CROSS_CORRELATION", cudnn.CUDNN_CROSS_CORRELATION),
          Map.entry("CUDNN_DEFAULT_MATH", cudnn.CUDNN_DEFAULT_MATH),
          Map.entry("CUDNN_TENSOR_OP_MATH", cudnn.CUDNN_TENSOR_OP_MATH),
          Map.entry(
              "CUDNN_TENSOR_OP_MATH_ALLOW_CONVERSION", cudnn.CUDNN_TENSOR_OP_MATH_ALLOW_CONVERSION),
          Map.entry("CUDNN_FMA_MATH", cudnn.CUDNN_FMA_MATH),
          Map.entry("CUDNN_NON_DETERMINISTIC", cudnn.CUDNN_NON_DETERMINISTIC),
          Map.entry("CUDNN_DETERMINISTIC", cudnn.CUDNN_DETERMINISTIC),
          Map.entry("CUDNN_PROPAGATE_NAN", cudnn.CUDNN_PROPAGATE_NAN),
          Map.entry("CUDNN_ACTIVATION_RELU", cudnn.CUDNN_ACTIVATION_RELU),
          Map.entry("CUDNN_ACTIVATION_IDENTITY", cudnn.CUDNN_ACTIVATION_IDENTITY),
          Map.entry("CUDNN_POOLING_MAX", cudnn.CUDNN_POOLING_MAX),
          Map.entry(
              "CUDNN_POOLING_AVERAGE_COUNT_INCLUDE_PADDING",
              cudnn.CUDNN_POOLING_AVERAGE_COUNT_INCLUDE_PADDING),
          Map.entry(
              "CUDNN_POOLING_AVERAGE_COUNT_EXCLUDE_PADDING",
              cudnn.CUDNN_POOLING_AVERAGE_COUNT_EXCLUDE_PADDING),
          Map.entry("CUDNN_POOLING_MAX_DETERMINISTIC", cudnn.CUDNN_POOLING_MAX_DETERMINISTIC),
          Map.entry(
              "CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM",
              cudnn.CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM),
          Map.entry(
              "CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM",
              cudnn.CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM),
          Map.entry("CUDNN_CONVOLUTION_FWD_ALGO_GEMM", cudnn.CUDNN_CONVOLUTION_FWD_ALGO_GEMM),
          Map.entry(
              "CUDNN_CONVOLUTION_FWD_ALGO_FFT_TILING", cudnn.CUDNN_CONVOLUTION_FWD_ALGO_FFT_TILING),
          Map.entry("CUDNN_CONVOLUTION_BWD_DATA_ALGO_0", cudnn.CUDNN_CONVOLUTION_BWD_DATA_ALGO_0),
          Map.entry("CUDNN_CONVOLUTION_BWD_DATA_ALGO_1", cudnn.CUDNN_CONVOLUTION_BWD_DATA_ALGO_1),
          Map.entry(
              "CUDNN_CONVOLUTION_BWD_DATA_ALGO_FFT_TILING",
              cudnn.CUDNN_CONVOLUTION_BWD_DATA_ALGO_FFT_TILING),
          Map.entry(
              "CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0", cudnn.CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0),
          Map.entry(
              "CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1", cudnn.CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1),
          Map.entry(
              "CUDNN_CONVOLUTION_BWD_FILTER_ALGO_3", cudnn.CUDNN_CONVOLUTION_BWD_FILTER_ALGO_3),
          Map.entry(
              "CUDNN_CONVOLUTION_BWD_FILTER_ALGO_FFT_TILING",
              cudnn.CUDNN_CONVOLUTION_BWD_FILTER_ALGO_FFT_TILING));

  private static String declarations() throws Exception {
    return Files.readString(Path.of("../native/cuda/cudnn_api.h"));
  }

  @Test
  void valuesAreThoseOfTheHeaders() throws Exception {
    Matcher value = Pattern.compile("k\\w+ = (\\d+),\\s*// (CUDNN_\\w+)").matcher(declarations());
    Map<String, Integer> declared = new TreeMap<>();
    while (value.find()) {
      declared.put(value.group(2), Integer.valueOf(value.group(1)));
    }
    assertEquals(new TreeMap<>(OF_THE_HEADERS), declared);
    assertEquals(0, cudnn.CUDNN_STATUS_SUCCESS);
  }

  @Test
  void functionsTakeAsManyParameters() throws Exception {
    Class<?> presets =
        Class.forName("org.bytedeco.cuda.global.cudnn", false, getClass().getClassLoader());
    String text = declarations().replaceAll("\\\\\n", " ");
    Matcher function =
        Pattern.compile("X\\((\\w+),\\s*[\\w ]+\\*?,\\s*\\(([^)]*)\\)\\)").matcher(text);
    int functions = 0;
    while (function.find()) {
      String name = "cudnn" + function.group(1);
      String parameters = function.group(2).strip();
      int count = parameters.isEmpty() ? 0 : parameters.split(",").length;
      assertTrue(
          Arrays.stream(presets.getMethods())
              .filter(method -> method.getName().equals(name))
              .map(Method::getParameterCount)
              .anyMatch(there -> there == count),
          name + " with " + count + " parameters");
      functions++;
    }
    assertEquals(34, functions);
  }
}
