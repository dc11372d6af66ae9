package org.voxkern.cases;

import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.voxkern.Device;
import org.voxkern.testing.Requirement;

/**
 * The case lines on a CUDA device, full stack, compared with the reference: on the emulated one, or
 * with {@code -Dvoxkern.device=cuda} on the first real one. What its kernels refuse is skipped, and
 * counted for each operation.
 */
class DeviceCaseTest {
  /** The native runner has run all of them on the kernels: these are for the way through Java. */
  private static final int EVERY = 4;

  @TestFactory
  Stream<DynamicNode> someCases() {
    return CaseTableTest.cases(device(), EVERY);
  }

  @TestFactory
  @Tag("slow")
  Stream<DynamicNode> allCases() {
    return CaseTableTest.cases(device(), 1);
  }

  private static Device device() {
    String name = System.getProperty("voxkern.device", "cuda-emulated");
    return name.equals("cuda-emulated") ? Requirement.cudaEmulated() : Device.named(name);
  }
}
