package dev.lanewise.text.tokenizer.template;

import org.jspecify.annotations.Nullable;

/**
 * What is done with the tokens of a text: white space is taken out of their ranges, and the template is put around them.
 *
 * @param trim how ranges are trimmed; null for not at all
 */
public record PostProcessor(Template template, @Nullable OffsetTrim trim) {}
