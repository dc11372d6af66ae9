package org.voxkern.cases;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.voxkern.Backend;
import org.voxkern.Context;
import org.voxkern.Device;
import org.voxkern.InstructionSet;

/** Contexts that the cases share: making one for each case would be most of the time. */
final class Contexts {
  private record Key(Backend backend, InstructionSet set, int threads) {}

  private static final Map<Key, Context> ALL = new ConcurrentHashMap<>();

  private Contexts() {}

  static Context get(Backend backend, InstructionSet set, int threads) {
    return ALL.computeIfAbsent(
        new Key(backend, set, threads),
        key ->
            Context.builder()
                .backend(key.backend())
                .instructionSet(key.set())
                .threads(key.threads())
                .build());
  }

  private static final Map<Device, Context> OF_DEVICES = new ConcurrentHashMap<>();

  static Context get(Device device) {
    return OF_DEVICES.computeIfAbsent(
        device, key -> Context.builder().device(key).threads(1).build());
  }

  /** Those that this processor has, slowest first. */
  static List<InstructionSet> instructionSets() {
    List<InstructionSet> sets = new ArrayList<>();
    for (InstructionSet set : InstructionSet.values()) {
      if (set == InstructionSet.AUTO) {
        continue;
      }
      try {
        get(Backend.CPU, set, 1);
        sets.add(set);
      } catch (UnsupportedOperationException absent) {
        // The native runner counts what this processor lacks.
      }
    }
    return sets;
  }
}
