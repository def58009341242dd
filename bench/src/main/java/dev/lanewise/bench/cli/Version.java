package dev.lanewise.bench.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** Prints the version of the jar, which Maven writes into it, and of the JVM. */
final class Version implements IVersionProvider {
  private static final String PROPERTIES = "META-INF/maven/dev.lanewise/lanewise-bench/pom.properties";

  @Override
  public String[] getVersion() throws IOException {
    Properties properties = new Properties();
    try (InputStream in = Version.class.getClassLoader().getResourceAsStream(PROPERTIES)) {
      if (in != null) {
        properties.load(in);
      }
    }
    String version = properties.getProperty("version", "(not built by Maven)");
    return new String[] {"lanewise-bench " + version, "Java " + Runtime.version() + ", " + System.getProperty("java.vendor.version", "")};
  }
}
