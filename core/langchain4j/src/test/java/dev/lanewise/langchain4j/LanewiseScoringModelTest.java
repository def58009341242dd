package dev.lanewise.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.text.Reranker;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.scoring.ScoringModel;
import dev.langchain4j.rag.content.Content;
import dev.langchain4j.rag.content.aggregator.ReRankingContentAggregator;
import dev.langchain4j.rag.query.Query;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LanewiseScoringModelTest {
  private static final String QUERY = "What must be done?";
  private static final List<String> TEXTS = List.of("It rained all day.", "Justice must be done.", "Done.");

  @TempDir private Path folder;

  @BeforeEach
  void write() throws IOException {
    SmallCrossEncoder.write(folder);
  }

  @Test
  void scoresAreThoseOfTheReranker() throws IOException {
    float[] expected = Reranker.load(folder).score(QUERY, TEXTS);
    ScoringModel model = LanewiseScoringModel.builder().model(folder).threads(2).build();
    List<Double> scores = model.scoreAll(TEXTS.stream().map(TextSegment::from).toList(), QUERY).content();
    assertThat(scores).hasSize(3).doesNotHaveDuplicates().containsExactly((double) expected[0], (double) expected[1], (double) expected[2]);
    assertThat(model.score(TEXTS.get(1), QUERY).content()).isEqualTo(expected[1]);
    assertThat(LangChain4jExample.score(folder)).isEqualTo(expected[1]);
  }

  @Test
  void aSigmoidKeepsTheOrder() throws IOException {
    double plain = Reranker.load(folder).score(QUERY, TEXTS.get(1));
    double score = LanewiseScoringModel.builder().model(folder).sigmoid(true).build().score(TEXTS.get(1), QUERY).content();
    assertThat(score).isCloseTo(1 / (1 + Math.exp(-plain)), within(1e-6));
  }

  @Test
  void withoutASettingTheFilesChooseTheSigmoid() throws IOException {
    double plain = Reranker.load(folder).score(QUERY, TEXTS.get(1));
    Path config = folder.resolve("config.json");
    String said = "{\"sentence_transformers\":{\"activation_fn\":\"torch.nn.modules.activation.Sigmoid\"},";
    Files.writeString(config, said + Files.readString(config).strip().substring(1));
    double score = LanewiseScoringModel.builder().model(folder).build().score(TEXTS.get(1), QUERY).content();
    assertThat(score).isCloseTo(1 / (1 + Math.exp(-plain)), within(1e-6)).isNotCloseTo(plain, within(1e-3));
    assertThat(LanewiseScoringModel.builder().model(folder).sigmoid(false).build().score(TEXTS.get(1), QUERY).content()).isEqualTo(plain);
  }

  @Test
  void anAggregatorPutsTheBestTextInFront() throws IOException {
    Reranker reranker = Reranker.load(folder);
    List<String> bestFirst =
        TEXTS.stream().sorted(Comparator.comparingDouble((String text) -> reranker.score(QUERY, List.of(text))[0]).reversed()).toList();
    ReRankingContentAggregator aggregator = new ReRankingContentAggregator(LanewiseScoringModel.builder().reranker(reranker).build());
    List<Content> contents = Stream.of(TEXTS.get(2), TEXTS.get(0), TEXTS.get(1)).map(Content::from).toList();
    assertThat(aggregator.aggregate(Map.of(Query.from(QUERY), List.of(contents))))
        .extracting(content -> content.textSegment().text())
        .isEqualTo(bestFirst);
  }

  @Test
  void wrongSettingsAreRefusedInOneLine() throws IOException {
    Reranker reranker = Reranker.load(folder);
    assertThatThrownBy(() -> LanewiseScoringModel.builder().build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("model, modelOnClassPath and reranker are not set, must be one of them");
    assertThatThrownBy(() -> LanewiseScoringModel.builder().reranker(reranker).model(folder))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("model, modelOnClassPath and reranker are set twice, must be one of them once");
    assertThatThrownBy(() -> LanewiseScoringModel.builder().model(folder.resolve("missing")).build())
        .isInstanceOf(UncheckedIOException.class)
        .hasMessage(folder.resolve("missing") + " does not exist");
    assertThatThrownBy(() -> LanewiseScoringModel.builder().reranker(reranker).threads(0).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("threads is 0, ");
  }
}
