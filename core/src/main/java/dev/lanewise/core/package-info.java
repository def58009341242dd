/** Attention, masks and layers. */
@org.jspecify.annotations.NullMarked
package dev.lanewise.core;
