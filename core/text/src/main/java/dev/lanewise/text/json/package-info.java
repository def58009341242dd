/**
 * JSON that somebody else wrote, read with limits.
 *
 * <p>Tokenizers and the command line of dev.lanewise.bench come in by {@link dev.lanewise.text.json.ForeignJson}. Models read the keys of
 * their settings through {@link dev.lanewise.text.json.Config}, which refuses the keys that nobody asked for.
 *
 * <p>Whatever is wrong with a file ends in an {@link java.io.IOException} of one short line. No class here knows what a document means.
 * This package is exported to dev.lanewise.bench only.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.text.json;
