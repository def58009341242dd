@org.jspecify.annotations.NullMarked
package dev.lanewise.core.cache.page;
