package dev.lanewise.bench.report;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.sun.management.OperatingSystemMXBean;
import dev.lanewise.kernels.Kernels;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Describes the machine and the JDK of a measurement. */
final class Environment {
  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

  private Environment() {}

  static JsonObject machine() {
    OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    JsonObject machine = new JsonObject();
    machine.addProperty("cpu", cpu());
    machine.addProperty("processors", Runtime.getRuntime().availableProcessors());
    machine.addProperty("memoryBytes", system.getTotalMemorySize());
    machine.addProperty("os", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    machine.addProperty("kernels", Kernels.selected().path());
    return machine;
  }

  static JsonObject jdk() {
    JsonObject jdk = new JsonObject();
    jdk.addProperty("version", Runtime.version().toString());
    jdk.addProperty("vendor", System.getProperty("java.vendor.version", System.getProperty("java.vendor")));
    jdk.add("flags", new Gson().toJsonTree(ManagementFactory.getRuntimeMXBean().getInputArguments()));
    return jdk;
  }

  /** The processor's name if the system has it. */
  private static String cpu() {
    if (!Files.isReadable(CPU_INFO)) {
      return System.getProperty("os.arch");
    }
    try (Stream<String> lines = Files.lines(CPU_INFO)) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .findFirst()
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .orElse(System.getProperty("os.arch"));
    } catch (IOException e) {
      return System.getProperty("os.arch");
    }
  }
}
