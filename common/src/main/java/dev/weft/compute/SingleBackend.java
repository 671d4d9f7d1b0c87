package dev.weft.compute;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLConnection;
import java.net.URLStreamHandler;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import org.nd4j.linalg.factory.Nd4jBackend;

/**
 * Shows ND4J one of the backends on the class path and hides the others.
 *
 * <p>ND4J starts the first backend that works, GPUs first, and can be told otherwise only by an
 * environment variable of the process. It finds backends through a class loader that may be
 * replaced: this one answers for that one service file and leaves all else to its parent.
 */
final class SingleBackend extends ClassLoader {
  private static final String SERVICE = "META-INF/services/" + Nd4jBackend.class.getName();

  private final String backend;

  /**
   * @param parent where classes come from
   * @param backend class name of the backend to show
   */
  SingleBackend(ClassLoader parent, String backend) {
    super(parent);
    this.backend = backend;
  }

  @Override
  public Enumeration<URL> getResources(String name) throws IOException {
    if (!name.equals(SERVICE)) {
      return super.getResources(name);
    }
    byte[] line = backend.getBytes(StandardCharsets.UTF_8);
    return Collections.enumeration(List.of(new URL(null, "weft:" + name, new Memory(line))));
  }

  /** A file that exists only here. */
  private static final class Memory extends URLStreamHandler {
    private final byte[] content;

    Memory(byte[] content) {
      this.content = content;
    }

    @Override
    protected URLConnection openConnection(URL url) {
      return new URLConnection(url) {
        @Override
        public void connect() {}

        @Override
        public InputStream getInputStream() {
          return new ByteArrayInputStream(content);
        }
      };
    }
  }
}
