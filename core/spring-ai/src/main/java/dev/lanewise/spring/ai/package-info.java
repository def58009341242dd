/**
 * An embedding model of Spring AI that Lanewise computes in this process, without native code.
 *
 * <p>Spring Boot comes in by {@link dev.lanewise.spring.ai.LanewiseAutoConfiguration}, which makes a {@link
 * dev.lanewise.spring.ai.LanewiseEmbeddingModel} of the properties {@code spring.ai.lanewise.*}. Applications see Spring AI's own
 * interface.
 *
 * <p>This package translates between the types of Spring AI and those of {@code dev.lanewise.text}. Nothing is computed here. Spring is in
 * the scope {@code provided}: the application brings it.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.spring.ai;
