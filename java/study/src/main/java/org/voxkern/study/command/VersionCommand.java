package org.voxkern.study.command;

import java.util.concurrent.Callable;
import org.voxkern.study.Version;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/** {@code voxkern version}. */
@Command(name = "version", description = "Print the versions of the Java and the native side.")
final class VersionCommand implements Callable<Integer>, IVersionProvider {
  @Override
  public Integer call() {
    for (String line : getVersion()) {
      System.out.println(line);
    }
    return 0;
  }

  @Override
  public String[] getVersion() {
    return new String[] {
      "voxkern " + Version.text() + " (native library " + org.voxkern.Context.nativeVersion() + ")",
      "Java " + System.getProperty("java.version") + ", " + System.getProperty("java.vm.name")
    };
  }
}
