package org.voxkern;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_context;
import org.voxkern.internal.vk_context_options;
import org.voxkern.internal.vk_memory_report;
import org.voxkern.internal.vk_recording;
import org.voxkern.nativecall.Status;

/**
 * One device, one thread arena and one memory budget.
 *
 * <p>The memory of its tensors is its device's. On a CUDA device operations return before they are
 * done; whoever reads a tensor waits for what was started before, and that is where a failure of
 * the device shows. A device that has failed stays so: every later use of the context throws {@link
 * DeviceException}.
 *
 * <p>Operations on one context run one after the other; several Java threads that want to run at
 * the same time use a context each. Closing a context releases everything that was allocated from
 * it.
 *
 * <pre>{@code
 * try (Context context = Context.builder().threads(2).build();
 *     Scope scope = Scope.open(context)) {
 *   Tensor image = Tensor.of(context, new float[] {1, 2, 3, 4}, 1, 2, 2);
 * }
 * }</pre>
 */
public final class Context implements AutoCloseable {
  private static final long SMALL_STEP = 4096;
  private static final long HUGE_PAGE = 2 << 20;

  private static final Logger LOG = LoggerFactory.getLogger(Context.class);

  private final vk_context handle;
  private final Device device;
  private final InstructionSet instructionSet;
  private final int threads;
  private final Tuning tuning;
  private final Scope root;
  private final Transfer transfer;
  private Context host;
  private volatile boolean recording;
  private volatile boolean closed;

  private Context(Builder builder) {
    NativeLibrary.require(builder.backend);
    vk_context created = new vk_context();
    try (vk_context_options options = new vk_context_options()) {
      options.struct_size(options.sizeof());
      options.backend(builder.backend.ordinal());
      options.isa(builder.instructionSet.ordinal());
      options.threads(builder.threads);
      options.memory_limit(builder.memoryLimit);
      options.device_index(builder.deviceIndex);
      Status.check(Voxkern.vk_context_create(options, created));
    }
    handle = created;
    Backend backend = Backend.values()[Voxkern.vk_context_backend(handle)];
    device = Device.of(backend, builder.deviceIndex);
    Cudnn.prepare(backend);
    instructionSet = InstructionSet.values()[Voxkern.vk_context_isa(handle)];
    threads = Voxkern.vk_context_threads(handle);
    tuning = builder.tuning;
    if (tuning != null) {
      try {
        tuning.use();
      } catch (IllegalStateException closedTuning) {
        Voxkern.vk_context_destroy(created);
        throw closedTuning;
      }
    }
    root = new Scope(this, null);
    transfer = new Transfer(this);
    if (builder.backend == Backend.AUTO) {
      LOG.debug("backend {} ({}, {} threads)", device, instructionSet, threads);
    }
  }

  /** A context with the defaults: best backend, every core, 80 % of the memory. */
  public static Context create() {
    return builder().build();
  }

  public static Builder builder() {
    return new Builder();
  }

  public Backend backend() {
    return device.backend();
  }

  /** Where its tensors lie and its operations run. */
  public Device device() {
    return device;
  }

  /**
   * A context whose tensors lie in host memory: this one, or one with as many threads that closes
   * with it.
   */
  public synchronized Context host() {
    if (device.isHost()) {
      return this;
    }
    if (host == null) {
      handle();
      host = builder().instructionSet(instructionSet).threads(threads).build();
    }
    return host;
  }

  /**
   * Waits for everything that was started.
   *
   * @throws DeviceException if the device has failed
   */
  public void synchronize() {
    Status.check(Voxkern.vk_synchronize(handle()));
  }

  /**
   * Notes what operations of this context the work runs, to be done by {@link Recording#replay}. On
   * a CUDA device nothing of it is done now. No other thread may use the context meanwhile, and
   * nothing may wait for the device: neither what reads or writes a tensor from Java nor operations
   * that return numbers, which throw {@link UnsupportedOperationException} then. On the host the
   * work is run once now, and again at each replay.
   */
  public Recording record(Runnable work) {
    if (device.isHost()) {
      work.run();
      return new Recording(this, null, work);
    }
    Status.check(Voxkern.vk_record_begin(handle()));
    vk_recording made = new vk_recording();
    boolean whole = false;
    try {
      recording = true;
      work.run();
      whole = true;
    } finally {
      recording = false;
      int status = Voxkern.vk_record_end(handle(), made);
      if (whole) {
        Status.check(status);
      } else if (status == Voxkern.VK_OK) {
        Voxkern.vk_recording_destroy(handle(), made);
      }
    }
    return new Recording(this, made, work);
  }

  boolean isRecording() {
    return recording;
  }

  void requireNotRecording() {
    if (recording) {
      throw new UnsupportedOperationException(
          "what Java reads or writes of a tensor cannot be recorded");
    }
  }

  Transfer transfer() {
    return transfer;
  }

  /** The instruction set that the CPU kernels of this context use. */
  public InstructionSet instructionSet() {
    return instructionSet;
  }

  public int threads() {
    return threads;
  }

  /** Version of the native library. */
  public static String nativeVersion() {
    NativeLibrary.require();
    return Voxkern.vk_version().getString();
  }

  /** The best instruction set of this processor. */
  public static InstructionSet processorInstructionSet() {
    NativeLibrary.require();
    return InstructionSet.values()[Voxkern.vk_processor_isa()];
  }

  /** The processor as the system names it. */
  public static String processorName() {
    Path info = Path.of("/proc/cpuinfo");
    if (Files.isReadable(info)) {
      try (Stream<String> lines = Files.lines(info)) {
        Optional<String> model = lines.filter(line -> line.startsWith("model name")).findFirst();
        if (model.isPresent()) {
          return model.get().substring(model.get().indexOf(':') + 1).trim();
        }
      } catch (IOException | UncheckedIOException unreadable) {
        // The architecture is known.
      }
    }
    return System.getProperty("os.arch");
  }

  /** Every registered operation with the names of its implementations, fastest first. */
  public static Map<String, List<String>> operations() {
    NativeLibrary.require();
    Map<String, List<String>> operations = new TreeMap<>();
    for (int op = 0; op < Voxkern.vk_operation_count(); op++) {
      List<String> rows = new ArrayList<>();
      for (int row = 0; row < Voxkern.vk_implementation_count(op); row++) {
        String name = Voxkern.vk_implementation_name(op, row).getString();
        if (!name.isEmpty()) {
          rows.add(name);
        }
      }
      operations.put(Voxkern.vk_operation_name(op).getString(), List.copyOf(rows));
    }
    return operations;
  }

  /**
   * Bytes of memory of the context's device: the budget, what is in use, what is cached, and the
   * most ever in use.
   */
  public record Memory(long budget, long inUse, long cached, long highWater) {}

  public Memory memory() {
    try (vk_memory_report report = new vk_memory_report()) {
      Voxkern.vk_memory(handle(), report);
      return new Memory(report.budget(), report.in_use(), report.cached(), report.high_water());
    }
  }

  /**
   * Bytes of the budget that one block of so many takes: what is in use is counted in blocks of
   * whole pages, above 2 MiB of whole eighths of a power of two, so that freed ones fit again. On a
   * CUDA device they are not rounded.
   */
  public static long blockBytes(long bytes) {
    long step = SMALL_STEP;
    if (bytes >= HUGE_PAGE) {
      step = Math.max(HUGE_PAGE, Long.highestOneBit(bytes) >> 3);
    }
    return Math.max(1, Math.addExact(bytes, step - 1) / step) * step;
  }

  /** Gives cached memory back to the operating system. */
  public void trim() {
    Voxkern.vk_trim(handle());
  }

  /**
   * Makes the running operation and later ones fail with {@link CancellationException} until {@link
   * #clearCancellation()}. May be called from any thread.
   */
  public void cancel() {
    Voxkern.vk_cancel(handle(), 1);
  }

  public void clearCancellation() {
    Voxkern.vk_cancel(handle(), 0);
  }

  public boolean isCancelled() {
    return Voxkern.vk_is_cancelled(handle()) != 0;
  }

  /** How implementations are chosen by measuring; null where they are chosen by a model. */
  public Tuning tuning() {
    return tuning;
  }

  /** The scope that holds tensors made outside any other; it lives as long as the context. */
  Scope rootScope() {
    return root;
  }

  /** Address of the native context, for bindings; 0 never. */
  public long nativeAddress() {
    return handle().address();
  }

  vk_context handle() {
    if (closed) {
      throw new IllegalStateException("this context is closed");
    }
    return handle;
  }

  Pointer allocate(long bytes) {
    Pointer memory = new BytePointer((Pointer) null);
    Status.check(Voxkern.vk_allocate(handle(), bytes, memory));
    return memory;
  }

  boolean isClosed() {
    return closed;
  }

  void free(Pointer memory) {
    if (!closed) {
      Voxkern.vk_free(handle, memory);
    }
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      if (host != null) {
        host.close();
      }
      root.close();
      closed = true;
      Voxkern.vk_context_destroy(handle);
      if (tuning != null) {
        tuning.release();
      }
    }
  }

  @Override
  public String toString() {
    return "Context(" + device + ", " + instructionSet + ", " + threads + " threads)";
  }

  /** Options of a context. */
  public static final class Builder {
    private Backend backend = Backend.AUTO;
    private int deviceIndex;
    private InstructionSet instructionSet = InstructionSet.AUTO;
    private int threads;
    private long memoryLimit;
    private Tuning tuning;

    private Builder() {}

    /** The same as {@link #device} with the backend's first device. */
    public Builder backend(Backend value) {
      backend = java.util.Objects.requireNonNull(value, "backend");
      deviceIndex = 0;
      return this;
    }

    /** Where tensors lie and operations run. */
    public Builder device(Device value) {
      backend = value.backend();
      deviceIndex = value.index();
      return this;
    }

    /** The best instruction set that may be used; by default what this processor has. */
    public Builder instructionSet(InstructionSet value) {
      instructionSet = java.util.Objects.requireNonNull(value, "instructionSet");
      return this;
    }

    /** Worker threads, 1 to 4096; 0, the default, takes every core the process may use. */
    public Builder threads(int value) {
      threads = value;
      return this;
    }

    /** Bytes of the device's memory that tensors may take in all; 0, the default, takes 80 %. */
    public Builder memoryLimit(long bytes) {
      memoryLimit = bytes;
      return this;
    }

    /** Chooses implementations by what was measured; null, the default, by a model of the cost. */
    public Builder tuning(Tuning value) {
      tuning = value;
      return this;
    }

    /**
     * @throws IllegalArgumentException if an option is out of range
     * @throws UnsupportedOperationException if this machine lacks the backend or instruction set
     */
    public Context build() {
      return new Context(this);
    }
  }
}
