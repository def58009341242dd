package dev.lanewise.spring.ai;

import dev.lanewise.text.model.TextPooling;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.document.MetadataMode;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The properties of the embedding model. What is not set is as the files of the model say.
 *
 * <p>For an example see {@link LanewiseAutoConfiguration}.
 *
 * @param model A folder, an ONNX file with its tokenizer beside it, the jar of an artifact that has both, or "classpath:" and the name of
 *     such an artifact on the class path.
 * @param pooling How the rows of a text's tokens become one vector.
 * @param normalised Whether vectors have length 1.
 * @param queryPrefix Text that is put in front of each plain text; vector stores embed queries as plain texts. By default what the files
 *     name for queries, if anything.
 * @param documentPrefix Text that is put in front of each document. By default what the files name for documents, if anything.
 * @param dimensions Length to which vectors are cut, for models that allow it (Matryoshka).
 * @param maxTokens Maximum number of tokens of a text, special ones included.
 * @param longTexts What happens to a text with more tokens.
 * @param overlap Number of tokens that two neighbouring windows of a long text share.
 * @param threads Number of threads of one call, including the caller's. By default the number of processors.
 * @param metadataMode Which metadata of a document are embedded with its text.
 */
@ConfigurationProperties(LanewiseProperties.PREFIX)
public record LanewiseProperties(
    @DefaultValue("classpath:all-minilm-l6-v2") String model,
    @Nullable TextPooling pooling,
    @Nullable Boolean normalised,
    @Nullable String queryPrefix,
    @Nullable String documentPrefix,
    @Nullable Integer dimensions,
    @Nullable Integer maxTokens,
    @DefaultValue("truncate") LongTextPolicy longTexts,
    @DefaultValue("0") int overlap,
    @Nullable Integer threads,
    @DefaultValue("none") MetadataMode metadataMode) {
  /** What the names of all properties begin with. */
  public static final String PREFIX = "spring.ai.lanewise";

  /** What happens to a text with more tokens than the model reads. */
  public enum LongTextPolicy {
    /** The tokens behind the limit are ignored. */
    TRUNCATE,
    /** The call fails. */
    FAIL,
    /** The text is read in windows, and the vector is the mean of theirs, weighted by tokens. */
    WINDOWS
  }
}
