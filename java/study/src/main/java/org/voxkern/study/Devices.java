package org.voxkern.study;

import java.util.Locale;
import org.voxkern.Context;

/** What computes, in words. */
public final class Devices {
  private Devices() {}

  /** For instance "cpu, avx512, 2 threads". */
  public static String describe(Context context) {
    return String.format(
        Locale.ROOT,
        "%s, %s, %d thread%s",
        word(context.backend()),
        word(context.instructionSet()),
        context.threads(),
        context.threads() == 1 ? "" : "s");
  }

  /** An enum constant as the command line spells it. */
  public static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
