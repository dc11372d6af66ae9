package org.voxkern.cases;

import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.voxkern.Device;
import org.voxkern.testing.Requirement;

/**
 * The case lines on a CUDA device, full stack, compared with the reference: on the emulated one, or
 * with {@code -Dvoxkern.device=cuda} on the first real one. What its kernels refuse is skipped, and
 * counted for each operation.
 */
class DeviceCaseTest {
  @TestFactory
  Stream<DynamicNode> cases() {
    return CaseTableTest.cases(device());
  }

  private static Device device() {
    String name = System.getProperty("voxkern.device", "cuda-emulated");
    return name.equals("cuda-emulated") ? Requirement.cudaEmulated() : Device.named(name);
  }
}
