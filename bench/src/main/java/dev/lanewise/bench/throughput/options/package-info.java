/**
 * Options of the command line that describe a problem: its sizes, the variant of attention, the cache, the model.
 *
 * <p>Commands take them as picocli mixins and call {@code check}, which throws an {@link java.lang.IllegalArgumentException} that names the
 * wrong option. {@code throughput} has all four, {@code duel} the sizes.
 *
 * <p>A check computes and allocates nothing, so that a wrong option is refused at once. Fields are public because picocli sets them and the
 * operations read them; nothing else may write them.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.throughput.options;
