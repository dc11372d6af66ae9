package org.voxkern.study.command;

import java.util.Map;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;

/** All commands by name. Only the one asked for is built: reflection over the others costs time. */
public final class Commands {
  private static final Map<String, Supplier<Object>> BY_NAME =
      Map.ofEntries(
          Map.entry("register", RegisterCommand::new),
          Map.entry("run-onnx", RunOnnxCommand::new),
          Map.entry("onnx-test", OnnxTestCommand::new),
          Map.entry("transform", TransformCommand::new),
          Map.entry("segment", SegmentCommand::new),
          Map.entry("train", TrainCommand::new),
          Map.entry("info", InfoCommand::new),
          Map.entry("devices", DevicesCommand::new),
          Map.entry("demo", DemoCommand::new),
          Map.entry("version", VersionCommand::new),
          Map.entry("test", LauncherCommands.Test::new),
          Map.entry("bench", LauncherCommands.Bench::new));

  private static final String[] ORDER = {
    "demo",
    "register",
    "transform",
    "segment",
    "train",
    "run-onnx",
    "onnx-test",
    "info",
    "devices",
    "version",
    "test",
    "bench"
  };

  private Commands() {}

  @Command(
      name = "voxkern",
      mixinStandardHelpOptions = true,
      versionProvider = VersionCommand.class,
      synopsisSubcommandLabel = "COMMAND",
      description = "Registers and segments 3D medical images.")
  static final class All implements Runnable {
    @CommandLine.Spec CommandSpec spec;

    @Override
    public void run() {
      spec.commandLine().usage(System.out);
    }
  }

  /** The command line that understands these arguments. */
  public static CommandLine of(String... arguments) {
    if (isNamed(arguments)) {
      return new CommandLine(BY_NAME.get(arguments[0]).get())
          .setCommandName("voxkern " + arguments[0]);
    }
    CommandLine all = new CommandLine(new All());
    for (String name : ORDER) {
      all.addSubcommand(name, BY_NAME.get(name).get());
    }
    return all;
  }

  /** The arguments without the command's name, if the name has chosen the command. */
  public static String[] argumentsOf(String... arguments) {
    return isNamed(arguments)
        ? java.util.Arrays.copyOfRange(arguments, 1, arguments.length)
        : arguments;
  }

  private static boolean isNamed(String... arguments) {
    return arguments.length > 0 && BY_NAME.containsKey(arguments[0]);
  }
}
