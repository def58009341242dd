package dev.lanewise.bench.cli.learn.claim;

import java.util.List;

/**
 * What teaching texts say.
 *
 * @param text the claim, one sentence
 * @param parts the statements about figures that it consists of; all of them must hold
 */
public record Claim(String text, List<Comparison> parts) {}
