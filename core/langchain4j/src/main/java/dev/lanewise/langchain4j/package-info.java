/**
 * Models of LangChain4j that Lanewise computes in this process, without native code.
 *
 * <p>Applications come in by {@link dev.lanewise.langchain4j.LanewiseEmbeddingModel}, which makes vectors of texts, and {@link
 * dev.lanewise.langchain4j.LanewiseScoringModel}, which rates texts for a query.
 *
 * <p>This package translates between the types of LangChain4j and those of {@code dev.lanewise.text}. Nothing is computed here. LangChain4j
 * is in the scope {@code provided}: the application brings it.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.langchain4j;
