package org.voxkern;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Objects;
import java.util.Set;

/**
 * Owns tensors and releases them together.
 *
 * <p>A tensor belongs to the scope of its context that was opened last on the creating thread, or
 * to the context itself when none is open. Close scopes in the reverse order of opening, best by
 * try-with-resources. {@link Tensor#moveTo} lets a result outlive the scope it was made in.
 *
 * <p>On a CUDA device memory is released when the device has passed what uses it; closing the
 * outermost scope of a thread waits for that.
 */
public final class Scope implements AutoCloseable {
  private static final ThreadLocal<Deque<Scope>> OPEN = ThreadLocal.withInitial(ArrayDeque::new);

  private final Context context;
  private final Scope parent;
  private final Set<Tensor> tensors =
      Collections.synchronizedSet(Collections.newSetFromMap(new IdentityHashMap<>()));
  private volatile boolean closed;

  Scope(Context context, Scope parent) {
    this.context = context;
    this.parent = parent;
  }

  /** Opens a scope on this thread. */
  public static Scope open(Context context) {
    Objects.requireNonNull(context, "context").handle();
    Scope scope = new Scope(context, current(context));
    OPEN.get().push(scope);
    return scope;
  }

  /** The innermost open scope of this context on this thread, or the context's own. */
  static Scope current(Context context) {
    for (Scope scope : OPEN.get()) {
      if (scope.context == context) {
        return scope;
      }
    }
    return context.rootScope();
  }

  public Context context() {
    return context;
  }

  /** The scope that encloses this one. */
  public Scope parent() {
    return parent == null ? context.rootScope() : parent;
  }

  boolean isClosed() {
    return closed;
  }

  void add(Tensor tensor) {
    if (closed) {
      throw new IllegalStateException("this scope is closed");
    }
    tensors.add(tensor);
  }

  void remove(Tensor tensor) {
    tensors.remove(tensor);
  }

  /**
   * @throws DeviceException if this is the outermost scope of a thread and the context's device has
   *     failed
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    OPEN.get().remove(this);
    for (Tensor tensor : tensors.toArray(new Tensor[0])) {
      tensor.close();
    }
    boolean outermost = parent == context.rootScope();
    if (outermost && !context.device().isHost() && !context.isClosed() && !context.isRecording()) {
      context.synchronize();
    }
  }
}
