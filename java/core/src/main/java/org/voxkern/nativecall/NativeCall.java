package org.voxkern.nativecall;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.Pointer;
import org.voxkern.Context;
import org.voxkern.Device;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.Tuning;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_context;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_tuning;
import org.voxkern.internal.vk_view;

/**
 * The native structs of one operation call: made on demand, freed together.
 *
 * <pre>{@code
 * try (NativeCall call = new NativeCall(context)) {
 *   vk_view image = call.view(tensor);
 *   vk_plan plan = call.plan();
 *   Status.check(Voxkern.vk_op_plan(call.context(), image, plan));
 *   Status.check(Voxkern.vk_op(call.context(), plan, image, call.workspace(plan)));
 * }
 * }</pre>
 */
public final class NativeCall implements AutoCloseable {
  /** Aligned and not null; the first page is never mapped, so that an access would fault. */
  private static final long PLANNED_ADDRESS = 64;

  private final Context context;
  private final vk_context handle;
  private final List<AutoCloseable> owned = new ArrayList<>();

  public NativeCall(Context context) {
    this.context = context;
    this.handle = new vk_context(new Address(context.nativeAddress()));
  }

  public vk_context context() {
    return handle;
  }

  /**
   * A view of a tensor; of nothing when {@code tensor} is null, which is how an optional one is
   * left out.
   *
   * @throws IllegalStateException if the tensor is closed
   * @throws IllegalArgumentException if the tensor belongs to another context
   */
  public vk_view view(Tensor tensor) {
    vk_view view = own(new vk_view());
    if (tensor == null) {
      view.data(null);
      view.rank(0);
      return view;
    }
    return fill(view, address(tensor), tensor.type(), tensor.shape());
  }

  /**
   * A view of a tensor's elements in another shape.
   *
   * @throws IllegalStateException if the tensor is closed
   * @throws IllegalArgumentException if the tensor belongs to another context or has another number
   *     of elements
   */
  public vk_view view(Tensor tensor, Shape shape) {
    if (tensor.elementCount() != shape.elementCount()) {
      throw new IllegalArgumentException(tensor + " has other elements than the shape " + shape);
    }
    return fill(own(new vk_view()), address(tensor), tensor.type(), shape);
  }

  private long address(Tensor tensor) {
    if (tensor.context() != context) {
      throw new IllegalArgumentException(
          tensor + " belongs to another context than the one that the operation runs on");
    }
    return tensor.address();
  }

  /**
   * A strided view into a tensor: the element at 0 is {@code offset} elements into it. The caller
   * keeps all elements inside.
   */
  public vk_view view(Tensor tensor, long offset, long[] sizes, long[] strides) {
    vk_view view = view(tensor);
    view.data(new Address(tensor.address() + offset * tensor.type().bytes()));
    view.rank(sizes.length);
    for (int axis = 0; axis < sizes.length; axis++) {
      view.sizes(axis, sizes[axis]);
      view.strides(axis, strides[axis]);
    }
    return view;
  }

  /**
   * A view of a tensor that does not exist yet, for planning only: its address is no memory, and
   * executing an operation on it is an error.
   */
  public vk_view planned(ElementType type, Shape shape) {
    return fill(own(new vk_view()), PLANNED_ADDRESS, type, shape);
  }

  private vk_view fill(vk_view view, long address, ElementType type, Shape shape) {
    view.data(new Address(address));
    Device device = context.device();
    view.device(device.isHost() ? Voxkern.VK_DEVICE_HOST : Voxkern.VK_DEVICE_CUDA);
    view.device_index(device.index());
    view.type(type.ordinal());
    view.layout(Voxkern.VK_LAYOUT_PLAIN);
    int rank = shape.rank();
    view.rank(rank);
    long stride = 1;
    for (int axis = rank - 1; axis >= 0; axis--) {
      view.sizes(axis, shape.size(axis));
      view.strides(axis, stride);
      stride *= shape.size(axis);
    }
    return view;
  }

  /**
   * Name of the implementation that a plan of a registered operation chose; of a CUDA device's its
   * number, counted from 0 in the operation's table.
   */
  public String implementation(String operation, vk_plan plan) {
    if (!context.device().isHost()) {
      return context.device() + " row " + plan.implementation();
    }
    for (int op = 0; op < Voxkern.vk_operation_count(); op++) {
      if (Voxkern.vk_operation_name(op).getString().equals(operation)) {
        return Voxkern.vk_implementation_name(op, plan.implementation()).getString();
      }
    }
    throw new IllegalArgumentException("no operation is registered as " + operation);
  }

  /** The context's tuning; null for none. */
  public vk_tuning tuning() {
    Tuning tuning = context.tuning();
    return tuning == null ? null : new vk_tuning(new Address(tuning.nativeAddress()));
  }

  public vk_plan plan() {
    return own(new vk_plan());
  }

  /** Scratch memory as large as the plan says, freed with this call. */
  public vk_view workspace(vk_plan plan) {
    long bytes = plan.workspace_bytes();
    return view(
        bytes == 0 ? null : own(Tensor.uninitialized(context, ElementType.U8, Shape.of(bytes))));
  }

  /** The same in memory of the caller's; as without it where that is null or too small. */
  public vk_view workspace(vk_plan plan, Tensor scratch) {
    boolean suffices = scratch != null && scratch.byteCount() >= plan.workspace_bytes();
    return suffices ? view(scratch) : workspace(plan);
  }

  /** Room for {@code count} doubles that the native side writes. */
  public DoublePointer doubles(int count) {
    return own(new DoublePointer(count));
  }

  /** Keeps a struct until this call is closed. */
  public <T extends AutoCloseable> T own(T resource) {
    owned.add(resource);
    return resource;
  }

  @Override
  public void close() {
    for (AutoCloseable resource : owned) {
      try {
        resource.close();
      } catch (RuntimeException exception) {
        throw exception;
      } catch (Exception exception) {
        throw new IllegalStateException(exception);
      }
    }
  }

  private static final class Address extends Pointer {
    Address(long address) {
      super((Pointer) null);
      this.address = address;
    }
  }
}
