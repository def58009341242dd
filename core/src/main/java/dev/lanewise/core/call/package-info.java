/**
 * The settings of an attention call as the rest of the module hands them on.
 *
 * <p>{@link dev.lanewise.core.call.AttentionSettings} holds what the {@code with…} methods of an attention set. {@link
 * dev.lanewise.core.call.PositionEffect} is what positions do to the call of a layer.
 *
 * <p>An option is declared here once and carried as it is. Nothing here is exported, and nothing here runs a kernel.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.core.call;
