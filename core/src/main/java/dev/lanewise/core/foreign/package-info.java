/**
 * Files that somebody else made, and their text in messages.
 *
 * <p>Readers of files come in by {@link dev.lanewise.core.foreign.RegularFile}, and show a name or another text of a file only by {@link
 * dev.lanewise.core.foreign.ForeignText}.
 *
 * <p>No class here knows what a file means. This package imports nothing of Lanewise. It is exported to dev.lanewise.text only.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.core.foreign;
