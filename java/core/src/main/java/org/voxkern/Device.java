package org.voxkern;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_cudnn_report;
import org.voxkern.internal.vk_device_properties;
import org.voxkern.nativecall.Status;

/**
 * What a context computes on: the processor, or one of the CUDA devices.
 *
 * <pre>{@code
 * try (Context gpu = Context.builder().device(Device.cuda(0)).build();
 *     Scope scope = Scope.open(gpu)) {
 *   Tensor image = Tensor.of(gpu, voxels, 1, 1, 160, 192, 224);
 *   ...
 *   float[] result = warped.toFloatArray();
 * }
 * }</pre>
 */
public final class Device {
  private static final Device CPU = new Device(Backend.CPU, 0);

  private final Backend backend;
  private final int index;

  private Device(Backend backend, int index) {
    this.backend = backend;
    this.index = index;
  }

  /** The processor. */
  public static Device cpu() {
    return CPU;
  }

  /**
   * A CUDA device, counted from 0.
   *
   * @throws UnsupportedOperationException if this machine has none that can be used, with the
   *     reason
   * @throws IllegalArgumentException if there are fewer
   */
  public static Device cuda(int index) {
    int count = count(Backend.CUDA);
    if (index < 0 || index >= count) {
      throw new IllegalArgumentException("CUDA device " + index + " of " + count);
    }
    return new Device(Backend.CUDA, index);
  }

  /**
   * The CUDA kernels on the host, for tests.
   *
   * @throws UnsupportedOperationException if its library is not there
   */
  public static Device cudaEmulated() {
    count(Backend.CUDA_EMULATED);
    return new Device(Backend.CUDA_EMULATED, 0);
  }

  /**
   * The device of a name: "cpu", "cuda" or "cuda:0", "cuda:1" and so on, "cuda-emulated".
   *
   * @throws UnsupportedOperationException if this machine lacks it, with the reason
   * @throws IllegalArgumentException if it is no such name, or there are fewer devices
   */
  public static Device named(String name) {
    if (name.equals("cpu")) {
      return CPU;
    }
    if (name.equals("cuda-emulated")) {
      return cudaEmulated();
    }
    if (!name.matches("cuda(:\\d{1,4})?")) {
      throw new IllegalArgumentException(
          "device " + name + ": expected cpu, cuda, cuda:N or cuda-emulated");
    }
    return cuda(name.equals("cuda") ? 0 : Integer.parseInt(name.substring("cuda:".length())));
  }

  /** The processor, and every CUDA device that can be used. */
  public static List<Device> list() {
    List<Device> devices = new ArrayList<>(List.of(CPU));
    if (whyNoCuda().isEmpty()) {
      int count = count(Backend.CUDA);
      for (int index = 0; index < count; index++) {
        devices.add(new Device(Backend.CUDA, index));
      }
    }
    return List.copyOf(devices);
  }

  /** Why no CUDA device can be used here; empty where one can. */
  public static Optional<String> whyNoCuda() {
    try {
      count(Backend.CUDA);
      return Optional.empty();
    } catch (UnsupportedOperationException reason) {
      return Optional.of(reason.getMessage());
    }
  }

  private static int count(Backend backend) {
    NativeLibrary.require(backend);
    int[] count = new int[1];
    Status.check(Voxkern.vk_device_count(backend.ordinal(), count));
    return count[0];
  }

  /** What the operations of its contexts run on. */
  public Backend backend() {
    return backend;
  }

  /** Which of the backend's devices. */
  public int index() {
    return index;
  }

  /** Whether its memory is the host's, which Java reads and writes. */
  public boolean isHost() {
    return backend != Backend.CUDA && backend != Backend.CUDA_EMULATED;
  }

  /**
   * What a CUDA device is.
   *
   * @param computeCapability for instance "9.0"
   * @param memory bytes that it has
   * @param free bytes of them that nobody uses now
   */
  public record Properties(
      String name, String computeCapability, int multiprocessors, long memory, long free) {}

  /**
   * Asks the driver.
   *
   * @throws UnsupportedOperationException if this is the processor
   */
  public Properties properties() {
    if (isHost()) {
      throw new UnsupportedOperationException("the processor is no CUDA device");
    }
    try (vk_device_properties found = new vk_device_properties()) {
      Status.check(Voxkern.vk_device_describe(backend.ordinal(), index, found));
      return new Properties(
          found.name().getString(),
          found.compute_major() + "." + found.compute_minor(),
          found.multiprocessors(),
          found.memory_bytes(),
          found.free_bytes());
    }
  }

  /**
   * The newest CUDA that the driver takes, and the one that the backend's library is built with,
   * for instance 13.1.
   *
   * @param driver empty where there is no driver
   */
  public record CudaVersions(Optional<String> driver, String library) {
    private static String text(int version) {
      return version / 1000 + "." + version % 1000 / 10;
    }
  }

  /**
   * Works without a driver, too.
   *
   * @throws UnsupportedOperationException if the library of the CUDA backend is not there
   */
  public static CudaVersions cudaVersions() {
    NativeLibrary.require(Backend.CUDA);
    int[] driver = new int[1];
    int[] library = new int[1];
    Status.check(Voxkern.vk_device_versions(Backend.CUDA.ordinal(), driver, library));
    return new CudaVersions(
        driver[0] == 0 ? Optional.empty() : Optional.of(CudaVersions.text(driver[0])),
        CudaVersions.text(library[0]));
  }

  /**
   * cuDNN, which computes some convolutions on CUDA devices where it is found. The property {@code
   * voxkern.cudnn} says where it lies, or {@code off}.
   *
   * @param version for instance "9.10.2"; empty where it is not used
   * @param text where it was found, or why it is not used
   */
  public record CudnnLibrary(Optional<String> version, String text) {
    private static String text(int version) {
      int major = version < 10000 ? 1000 : 10000;
      return version / major + "." + version % major / 100 + "." + version % 100;
    }
  }

  /**
   * Loads it, unless something has before.
   *
   * @throws UnsupportedOperationException if this is the processor, or the library of the backend
   *     is not there
   */
  public CudnnLibrary cudnn() {
    if (isHost()) {
      throw new UnsupportedOperationException("the processor has no cuDNN");
    }
    NativeLibrary.require(backend);
    Cudnn.prepare(backend);
    try (vk_cudnn_report report = new vk_cudnn_report()) {
      Status.check(Voxkern.vk_cudnn_describe(backend.ordinal(), report));
      return new CudnnLibrary(
          report.version() == 0
              ? Optional.empty()
              : Optional.of(CudnnLibrary.text(report.version())),
          report.text().getString());
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Device device && device.backend == backend && device.index == index;
  }

  @Override
  public int hashCode() {
    return Objects.hash(backend, index);
  }

  /** For instance "cuda:0". */
  @Override
  public String toString() {
    return isHost() ? word() : word() + ":" + index;
  }

  /** The backend as it is spelt outside of Java. */
  String word() {
    return backend.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The first one of a backend, which may not be there. */
  static Device of(Backend backend) {
    return backend == Backend.CPU ? CPU : new Device(backend, 0);
  }

  static Device of(Backend backend, int index) {
    return new Device(backend, index);
  }
}
