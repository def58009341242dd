package dev.lanewise.bench.documents;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every link of every document resolves: files, images, headings; addresses of the web are only well-formed. */
@Tag("once")
class LinksTest {
  @Test
  void everyLinkOfEveryDocumentResolves() throws IOException {
    List<String> faults = new ArrayList<>();
    int links = 0;
    for (Path file : Markdown.all()) {
      for (String target : Links.of(Markdown.read(file)).toList()) {
        links++;
        Links.fault(Markdown.ROOT, file, target)
            .ifPresent(fault -> faults.add(Markdown.ROOT.relativize(file) + " -> " + target + ": " + fault));
      }
    }
    assertThat(faults).isEmpty();
    assertThat(links).isGreaterThan(20);
  }

  @Test
  void documentsOfAllFoldersAreRead() throws IOException {
    assertThat(Markdown.all())
        .map(file -> Markdown.ROOT.relativize(file).toString().replace('\\', '/'))
        .contains("README.md", ".github/CONTRIBUTING.md", "kernels/README.md", "core/README.md", "core/README.zh.md", "bench/README.md")
        .noneMatch(name -> name.contains("target/"));
  }

  @Test
  void brokenLinksAreFound(@TempDir Path folder) throws IOException {
    Path root = folder.toRealPath();
    Path file = Files.writeString(root.resolve("here.md"), "# Here\n");
    Files.writeString(
        Files.createDirectory(root.resolve("中文")).resolve("那里.md"),
        """
        # 自注意力（self-attention）
        ## 为什么除以 √d？
        ## `code` and [a link](x.md), twice
        ## code and a link, twice
        <a id="own"></a>
        ```sh
        # no heading
        ```
        """);
    for (String good :
        List.of(
            "#here",
            "here.md#here",
            "/here.md",
            "中文",
            "中文/那里.md#自注意力self-attention",
            "%E4%B8%AD%E6%96%87/%E9%82%A3%E9%87%8C.md#%E4%B8%BA%E4%BB%80%E4%B9%88%E9%99%A4%E4%BB%A5-d",
            "中文/那里.md#code-and-a-link-twice",
            "中文/那里.md#code-and-a-link-twice-1",
            "中文/那里.md#own",
            "https://example.org/a?b=c#d",
            "mailto:a@example.org")) {
      assertThat(Links.fault(root, file, good)).as(good).isEmpty();
    }
    for (String bad :
        List.of(
            "",
            "#there",
            "there.md",
            "../here.md",
            "中文/那里.md#为什么除以-√d",
            "中文/那里.md#no-heading",
            "中文#own",
            "http:///nowhere",
            "https://a b",
            "htps://example.org")) {
      assertThat(Links.fault(root, file, bad)).as(bad).isNotEqualTo(Optional.empty());
    }
  }

  @Test
  void linksOfAllKindsAreFoundAndCodeIsLeftOut() {
    Markdown document =
        Markdown.of(
            """
            A [link](a.md), ![a picture](<b.svg> "title"), [one](c.md) and [another](d.md#e) <img alt="" src="f.png"> <https://g.example>

            [defined]: h.md "title"
            `[no](i.md)` and ``[no](`j`)``

                [no](k.md)
            ```java
            list[0](l)
            ```
            """);
    assertThat(Links.of(document)).containsExactlyInAnyOrder("a.md", "b.svg", "c.md", "d.md#e", "f.png", "https://g.example", "h.md");
  }
}
