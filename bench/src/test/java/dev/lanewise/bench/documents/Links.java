package dev.lanewise.bench.documents;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The links of a document, and what is wrong with one of them. */
final class Links {
  private static final Pattern INLINE = Pattern.compile("]\\(\\s*<?([^)\\s>]*)>?(?:\\s+\"[^\"]*\")?\\s*\\)");
  private static final Pattern DEFINED = Pattern.compile("(?m)^ {0,3}\\[[^\\]]+]:\\s*<?([^\\s>]+)");
  private static final Pattern HTML = Pattern.compile("<[a-z]+ [^>]*\\b(?:href|src)=\"([^\"]*)\"");
  private static final Pattern BARE = Pattern.compile("<(https?:[^>\\s]*)>");

  private Links() {}

  /** The targets of all links and images, in no order. */
  static Stream<String> of(Markdown document) {
    return Stream.of(INLINE, DEFINED, HTML, BARE)
        .flatMap(pattern -> pattern.matcher(document.prose()).results().map(found -> found.group(1)));
  }

  /** What is wrong with a link from a file; empty if it resolves. An address of the web is looked at, but not opened. */
  static Optional<String> fault(Path root, Path file, String target) throws IOException {
    if (target.matches("[a-zA-Z][a-zA-Z0-9+.-]*:.*")) {
      return webFault(target);
    }
    int hash = target.indexOf('#');
    String path = decoded(hash < 0 ? target : target.substring(0, hash));
    Path there = path.isEmpty() ? file : path.startsWith("/") ? root.resolve(path.substring(1)) : file.resolveSibling(path);
    Path resolved = there.normalize();
    if (target.isEmpty() || !resolved.startsWith(root) || !Files.exists(resolved)) {
      return Optional.of("no such file in the repository");
    }
    if (!resolved.toRealPath().endsWith(root.relativize(resolved))) {
      return Optional.of("the file's name is spelled otherwise");
    }
    if (hash < 0) {
      return Optional.empty();
    }
    if (!resolved.toString().endsWith(".md")) {
      return Optional.of("only documents in Markdown have anchors");
    }
    boolean found = Markdown.read(resolved).anchors().contains(decoded(target.substring(hash + 1)));
    return found ? Optional.empty() : Optional.of("no such heading");
  }

  private static String decoded(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  private static Optional<String> webFault(String target) {
    try {
      URI uri = new URI(target);
      boolean web = ("https".equals(uri.getScheme()) || "http".equals(uri.getScheme())) && uri.getHost() != null;
      return web || "mailto".equals(uri.getScheme()) ? Optional.empty() : Optional.of("no address of the web");
    } catch (URISyntaxException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }
}
