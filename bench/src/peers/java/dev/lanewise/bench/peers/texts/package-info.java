/**
 * Text in, vector out, beside programs with native code: the commands {@code peers texts} and {@code peers models}.
 *
 * <p>The commands are the way in. {@code ExtractedModel} takes the files of a model out of an artifact, because other programs read files
 * only. {@code MadeUpTexts} and {@code PeerTexts} are what is embedded, {@code Rounds} times programs in turns, and {@code Distance} is how
 * far vectors are apart.
 *
 * <p>Each program does all of its own work, dividing texts into tokens included. Nothing outside of the peers may need this package.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.peers.texts;
