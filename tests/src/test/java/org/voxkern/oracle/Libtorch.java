package org.voxkern.oracle;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Loads libtorch before a test does, in one JVM after the other. JavaCPP takes its libraries out of
 * the jar one by one, and the first of them needs a later one: a second JVM that starts meanwhile
 * finds half of that and ends with SIGBUS.
 */
final class Libtorch implements BeforeAllCallback {
  @Override
  public void beforeAll(ExtensionContext context) throws IOException {
    Path lock = Loader.getCacheDir().toPath().resolve("voxkern-tests-libtorch.lock");
    try (FileChannel channel = FileChannel.open(lock, CREATE, WRITE)) {
      channel.lock(); // until the channel is closed
      // The oneDNN inside libtorch 2.10 gets some convolutions wrong on Zen 5: dilated ones, and
      // gradients. Without it libtorch agrees with us, ONNX Runtime and a later oneDNN.
      torch.globalContext().setUserEnabledMkldnn(false);
    }
  }
}
