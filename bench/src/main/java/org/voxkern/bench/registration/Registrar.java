package org.voxkern.bench.registration;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.voxkern.Context;
import org.voxkern.transform.Transform;

/** A program that registers two image files and writes what it found. */
interface Registrar {
  /** Threads that every program is given. */
  int THREADS = 2;

  String name();

  default boolean canDo(PairKind kind) {
    return true;
  }

  /**
   * Writes the settings of a run into its folder.
   *
   * @return the command that makes the run, from files to files
   */
  List<String> prepare(PairKind kind, Path fixed, Path moving, Path out) throws IOException;

  /** Variables to set for the command. */
  default Map<String, String> environment() {
    return Map.of();
  }

  /** The mapping from fixed to moving points, mm LPS, from the files that a run wrote. */
  Transform found(Context context, PairKind kind, Path out) throws IOException;
}
