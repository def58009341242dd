import java.lang.module.ModuleDescriptor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/**
 * Checks a bundle for Maven Central, file by file, and that a second build made the same bytes. Prints each fault; ends with 1 if there is
 * one.
 *
 * <pre>java .ci/CheckBundle.java CHECKOUT VERSION BUNDLE OTHER_BUNDLE</pre>
 */
Path checkout;
String version;
final List<String> faults = new ArrayList<>();
int checks;

/** What a POM for users may hold. */
static final Set<String> POM_ELEMENTS =
    Set.of(
        "modelVersion", "groupId", "artifactId", "version", "packaging", "name", "description", "url", "licenses", "developers", "scm",
        "dependencies", "dependencyManagement");

/** What Maven Central wants of each. */
static final List<String> WANTED =
    List.of("groupId", "artifactId", "version", "name", "description", "url", "licenses", "developers", "scm");

void main(String[] arguments) throws Exception {
  checkout = Path.of(arguments[0]);
  version = arguments[1];
  Path bundle = Path.of(arguments[2]);
  Path group = bundle.resolve("dev", "lanewise");
  Set<String> artifacts = new TreeSet<>();
  try (Stream<Path> folders = Files.list(group)) {
    folders.forEach(folder -> artifacts.add(folder.getFileName().toString()));
  }
  Set<String> managed = managed(group);
  managed.add("lanewise-bom");
  check(artifacts.equals(managed), "the bundle has " + artifacts + ", lanewise-bom names " + managed);
  for (String artifact : artifacts) {
    checkArtifact(artifact, group.resolve(artifact).resolve(version));
  }
  compare(bundle, Path.of(arguments[3]));
  faults.forEach(IO::println);
  IO.println("%d artifacts, %d checks, %d faults".formatted(artifacts.size(), checks, faults.size()));
  System.exit(faults.isEmpty() && checks > 0 ? 0 : 1);
}

void check(boolean holds, String fault) {
  checks++;
  if (!holds) {
    faults.add(fault);
  }
}

Set<String> managed(Path group) throws Exception {
  Element pom = parse(group.resolve("lanewise-bom", version, "lanewise-bom-" + version + ".pom"));
  Set<String> names = new TreeSet<>();
  var dependencies = pom.getElementsByTagName("dependency");
  for (int i = 0; i < dependencies.getLength(); i++) {
    Element dependency = (Element) dependencies.item(i);
    names.add(text(dependency, "artifactId"));
    check(text(dependency, "version").equals(version), "lanewise-bom: " + text(dependency, "artifactId") + " has another version");
  }
  return names;
}

void checkArtifact(String artifact, Path folder) throws Exception {
  String stem = artifact + "-" + version;
  boolean isBom = artifact.equals("lanewise-bom");
  Set<String> expected = new TreeSet<>();
  for (String file : isBom ? List.of(".pom") : List.of(".pom", ".jar", "-sources.jar", "-javadoc.jar", "-cyclonedx.json")) {
    for (String suffix : List.of("", ".asc", ".md5", ".sha1")) {
      expected.add(stem + file + suffix);
    }
  }
  try (Stream<Path> files = Files.list(folder)) {
    Set<String> found = new TreeSet<>(files.map(file -> file.getFileName().toString()).toList());
    check(found.equals(expected), "%s: files are %s and should be %s".formatted(artifact, found, expected));
    if (!found.containsAll(expected)) {
      return;
    }
  }
  for (String file : expected) {
    Path path = folder.resolve(file);
    if (file.endsWith(".md5") || file.endsWith(".sha1")) {
      checkSum(path);
    } else if (file.endsWith(".asc")) {
      Process gpg = new ProcessBuilder("gpg", "--batch", "--verify", path.toString(), path.toString().replace(".asc", "")).redirectErrorStream(true).start();
      String said = new String(gpg.getInputStream().readAllBytes());
      check(gpg.waitFor() == 0 && said.contains("Good signature"), path + ": " + said);
    }
  }
  Element pom = parse(folder.resolve(stem + ".pom"));
  checkPom(artifact, pom, Files.readString(folder.resolve(stem + ".pom")));
  if (!isBom) {
    ModuleDescriptor module = checkJar(folder.resolve(stem + ".jar"));
    checkSources(folder.resolve(stem + "-sources.jar"), folder.resolve(stem + ".jar"));
    checkJavadoc(folder.resolve(stem + "-javadoc.jar"), folder.resolve(stem + ".jar"), module);
    checkBillOfMaterials(artifact, pom, Files.readString(folder.resolve(stem + "-cyclonedx.json")));
  }
}

void checkSum(Path sum) throws Exception {
  String name = sum.toString();
  int dot = name.lastIndexOf('.');
  MessageDigest digest = MessageDigest.getInstance(name.endsWith(".md5") ? "MD5" : "SHA-1");
  String computed = HexFormat.of().formatHex(digest.digest(Files.readAllBytes(Path.of(name.substring(0, dot)))));
  check(Files.readString(sum).strip().equals(computed), name + " is not the sum of its file, " + computed);
}

void checkPom(String artifact, Element pom, String source) {
  Set<String> found = new TreeSet<>();
  for (Node node = pom.getFirstChild(); node != null; node = node.getNextSibling()) {
    if (node instanceof Element element) {
      found.add(element.getTagName());
    }
  }
  for (String element : found) {
    check(POM_ELEMENTS.contains(element), artifact + ": its POM shows <" + element + ">, a part of our build");
  }
  for (String element : WANTED) {
    check(found.contains(element), artifact + ": its POM lacks <" + element + ">");
  }
  check(!source.contains("SNAPSHOT"), artifact + ": its POM names a snapshot");
  check(!source.contains("${"), artifact + ": its POM has a property, which nobody resolves");
  check(text(pom, "artifactId").equals(artifact) && text(pom, "version").equals(version), artifact + ": its POM is of another artifact");
  check(text(pom, "license", "name").equals("Apache-2.0"), artifact + ": its licence is not Apache-2.0");
  check(!source.contains("<scope>test"), artifact + ": its POM has a dependency of tests");
  check(found.contains("dependencyManagement") == artifact.equals("lanewise-bom"), artifact + ": only the BOM manages versions");
}

/** Licence, notice, times and no trace of the machine; the module's version and packages. */
ModuleDescriptor checkJar(Path path) throws Exception {
  checkCommon(path);
  try (JarFile jar = new JarFile(path.toFile())) {
    var manifest = jar.getManifest().getMainAttributes();
    for (String name : List.of("Created-By", "Build-Jdk", "Build-Tool-Jdk-Spec", "Built-By")) {
      check(manifest.getValue(name) == null, path.getFileName() + ": the manifest names the JDK or person that made it: " + name);
    }
    check(version.equals(manifest.getValue("Implementation-Version")), path.getFileName() + ": Implementation-Version is not " + version);
    check(jar.stream().noneMatch(entry -> entry.getName().startsWith("META-INF/maven")), path.getFileName() + " holds pom.xml of our build");
    check(
        jar.stream().noneMatch(entry -> entry.getName().matches(".*(Test|Tests)\\.class|.*/testing/.*")),
        path.getFileName() + " holds tests");
    var entry = jar.getJarEntry("module-info.class");
    if (entry == null) {
      check(manifest.getValue("Automatic-Module-Name") != null, path.getFileName() + " has no module name");
      return null;
    }
    ModuleDescriptor module = ModuleDescriptor.read(jar.getInputStream(entry));
    check(module.rawVersion().orElse("none").equals(version), path.getFileName() + ": the module has version " + module.rawVersion());
    return module;
  }
}

void checkCommon(Path path) throws Exception {
  Instant time = Instant.parse(property("project.build.outputTimestamp"));
  try (JarFile jar = new JarFile(path.toFile())) {
    check(jar.getEntry("META-INF/NOTICE") != null, path.getFileName() + " has no META-INF/NOTICE");
    var licence = jar.getEntry("META-INF/LICENSE");
    check(
        licence != null && new String(jar.getInputStream(licence).readAllBytes()).equals(Files.readString(checkout.resolve("LICENSE"))),
        path.getFileName() + " has no META-INF/LICENSE, or another one");
    // An entry holds local time without a zone.
    LocalDateTime local = LocalDateTime.ofInstant(time, ZoneOffset.UTC);
    check(
        jar.stream().allMatch(entry -> entry.getTimeLocal().equals(local)),
        path.getFileName() + ": times of entries are not all " + local);
  }
}

void checkSources(Path sources, Path classes) throws Exception {
  checkCommon(sources);
  try (JarFile jar = new JarFile(sources.toFile());
      JarFile compiled = new JarFile(classes.toFile())) {
    compiled.stream()
        .map(entry -> entry.getName())
        .filter(name -> name.endsWith(".class") && !name.contains("$"))
        .map(name -> name.replace(".class", ".java"))
        .forEach(name -> check(jar.getEntry(name) != null, sources.getFileName() + " lacks " + name));
  }
}

/** Every exported package is documented, and no other one; of a module without a descriptor, some of its packages are. */
void checkJavadoc(Path javadoc, Path classes, ModuleDescriptor module) throws Exception {
  checkCommon(javadoc);
  Set<String> exported = new TreeSet<>();
  if (module != null) {
    module.exports().stream().filter(export -> !export.isQualified()).forEach(export -> exported.add(export.source()));
  } else {
    try (JarFile jar = new JarFile(classes.toFile())) {
      jar.stream()
          .map(entry -> entry.getName())
          .filter(name -> name.endsWith("/package-info.class"))
          .forEach(name -> exported.add(name.replace("/package-info.class", "").replace('/', '.')));
    }
  }
  try (JarFile jar = new JarFile(javadoc.toFile())) {
    var list = jar.getEntry("element-list");
    check(jar.getEntry("index.html") != null && list != null, javadoc.getFileName() + " has no pages");
    if (list != null) {
      Set<String> documented = new TreeSet<>(new String(jar.getInputStream(list).readAllBytes()).lines().toList());
      boolean fits = module == null ? exported.containsAll(documented) && !documented.isEmpty() : documented.equals(exported);
      check(fits, "%s documents %s; users see %s".formatted(javadoc.getFileName(), documented, exported));
    }
  }
}

/** Each dependency of users is named with its version. */
void checkBillOfMaterials(String artifact, Element pom, String bill) {
  check(bill.contains("\"bomFormat\" : \"CycloneDX\""), artifact + ": the bill of materials is not CycloneDX");
  var dependencies = pom.getElementsByTagName("dependency");
  for (int i = 0; i < dependencies.getLength(); i++) {
    Element dependency = (Element) dependencies.item(i);
    String name = "pkg:maven/" + text(dependency, "groupId") + "/" + text(dependency, "artifactId") + "@" + text(dependency, "version");
    check(bill.contains(name) != text(dependency, "scope").equals("provided"), artifact + ": the bill of materials and " + name);
  }
}

void compare(Path bundle, Path other) throws Exception {
  List<Path> files;
  try (Stream<Path> walk = Files.walk(bundle)) {
    // A signature holds the time at which it was made.
    files = walk.filter(Files::isRegularFile).map(bundle::relativize).filter(file -> !file.toString().contains(".asc")).toList();
  }
  for (Path file : files) {
    Path twin = other.resolve(file);
    check(
        Files.exists(twin) && Files.mismatch(bundle.resolve(file), twin) == -1,
        file + ": the second build, in another folder and with another JDK under Maven, made other bytes");
  }
}

String property(String name) throws Exception {
  return text(parse(checkout.resolve("pom.xml")), name);
}

static Element parse(Path file) throws Exception {
  return DocumentBuilderFactory.newDefaultInstance().newDocumentBuilder().parse(file.toFile()).getDocumentElement();
}

/** The text of the first element with this name, in the first with that one. */
static String text(Element parent, String... names) {
  Element element = parent;
  for (String name : names) {
    element = (Element) element.getElementsByTagName(name).item(0);
    if (element == null) {
      return "";
    }
  }
  return element.getTextContent().strip();
}
