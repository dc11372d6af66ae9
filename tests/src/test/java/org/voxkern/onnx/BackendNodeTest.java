package org.voxkern.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.voxkern.Context;
import org.voxkern.onnx.BackendTest.Outcome;
import org.voxkern.testing.Requirement;

/** The tests that ONNX itself has for single operators. */
class BackendNodeTest {
  /**
   * What is refused: real numbers of 8 bits and numbers of less, convolutions and products of whole
   * numbers, deformable convolutions, and values that are no tensors.
   */
  private static final Pattern REFUSED =
      Pattern.compile(
          "test_(basic_)?deform_conv.*|test_(de)?quantizelinear_(e4m3|e5m2|float4|u?int[24]).*|test_cast_FLOAT16_to_FLOAT[48].*"
              + "|test_convinteger.*|test_matmulinteger|test_qlinearconv|test_identity_opt");

  @Test
  void noneIsWrongAndOnlyTheNamedAreRefused() throws IOException {
    Path folder = Requirement.dataSet("onnx-node-tests");
    List<String> unexpected = new ArrayList<>();
    int passed = 0;
    try (Context context = Context.create()) {
      for (BackendTest test : BackendTest.in(folder)) {
        BackendTest.Result result = test.run(context);
        boolean mayBeRefused = REFUSED.matcher(test.name()).matches();
        if (result.outcome() == Outcome.PASSED) {
          passed++;
        } else if (result.outcome() == Outcome.WRONG || !mayBeRefused) {
          unexpected.add(result.outcome() + " " + test.name() + ": " + result.reason());
        } else {
          assertFalse(result.reason().isBlank(), test.name());
        }
      }
    }
    assertTrue(unexpected.isEmpty(), () -> String.join("\n", unexpected));
    assertEquals(698, passed);
  }
}
