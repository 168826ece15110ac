import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/** A server under load: 24 clients ask 12,000 times for compressed pages, in direct buffers, while threads come and go. */
public class Load {
    static byte[] page(int number) throws Exception {
        var out = new ByteArrayOutputStream();
        try (var zip = new GZIPOutputStream(out)) {
            for (int i = 0; i < 50 + number % 400; i++) {
                zip.write(("line " + i + " of page " + number + "\n").getBytes());
            }
        }
        // Through native memory of many sizes.
        var direct = ByteBuffer.allocateDirect(out.size() + number % 7000);
        direct.put(out.toByteArray()).flip();
        var copy = new byte[direct.remaining()];
        direct.get(copy);
        return copy;
    }

    /** Asks again where a connection ends: on a busy machine the server closes one that the client is about to use. */
    static long sumOf(HttpClient client, String page) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(page)).build();
        for (int attempt = 1;; attempt++) {
            try (var unzip = new GZIPInputStream(client.send(request, BodyHandlers.ofInputStream()).body())) {
                var crc = new CRC32();
                crc.update(unzip.readAllBytes());
                return crc.getValue();
            } catch (IOException e) {
                if (attempt == 5) {
                    throw e;
                }
            }
        }
    }

    public static void main(String[] arguments) throws Exception {
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
        server.createContext("/", exchange -> {
            try (exchange) {
                var body = page(Integer.parseInt(exchange.getRequestURI().getPath().substring(1)));
                exchange.sendResponseHeaders(200, body.length);
                exchange.getResponseBody().write(body);
            } catch (Exception e) {
                e.printStackTrace();
            }
        });
        var workers = Executors.newFixedThreadPool(16);
        server.setExecutor(workers);
        server.start();
        var base = "http://127.0.0.1:" + server.getAddress().getPort() + "/";
        var client = HttpClient.newHttpClient();
        var sum = new AtomicLong();
        var clients = new Thread[24];
        for (int c = 0; c < clients.length; c++) {
            int first = c * 500;
            clients[c] = new Thread(() -> {
                try {
                    for (int number = first; number < first + 500; number++) {
                        sum.addAndGet(sumOf(client, base + number));
                        if (number % 10 == 0) {
                            var passing = new Thread(() -> sum.addAndGet(new byte[1000].length));
                            passing.start();
                            passing.join();
                        }
                    }
                } catch (Exception e) {
                    e.printStackTrace();
                }
            });
            clients[c].start();
        }
        for (var thread : clients) {
            thread.join();
        }
        server.stop(0);
        workers.shutdown();
        System.out.println("load " + sum);
        System.exit(0);
    }
}
