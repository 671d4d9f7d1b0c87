package dev.weft.compute;

import com.sun.jna.Function;
import com.sun.jna.Platform;
import java.util.Optional;

/** The few functions of the C library that Java has no way to. Safe to call from any thread. */
public final class CLibrary {
  private CLibrary() {}

  /** A variable of the environment as native libraries see it. */
  static Optional<String> getenv(String name) {
    return Optional.ofNullable(function("getenv").invokeString(new Object[] {name}, false));
  }

  /** Sets a variable for native libraries; {@link System#getenv} does not show it. */
  static boolean setenv(String name, String value) {
    return function("setenv").invokeInt(new Object[] {name, value, 1}) == 0;
  }

  /** The version of glibc, such as {@code 2.36}; empty where the C library is another. */
  public static String version() {
    try {
      return function("gnu_get_libc_version").invokeString(new Object[0], false);
    } catch (UnsatisfiedLinkError e) {
      return ""; // musl
    }
  }

  private static Function function(String name) {
    return Function.getFunction(Platform.C_LIBRARY_NAME, name);
  }
}
