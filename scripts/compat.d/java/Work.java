import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

public class Work {
    static String digest(byte[] data) throws Exception {
        StringBuilder out = new StringBuilder();
        for (byte b : MessageDigest.getInstance("SHA-256").digest(data)) out.append(String.format("%02x", b));
        return out.substring(0, 16);
    }

    /** What one thread does; direct buffers and deflate allocate with malloc. */
    static String job(int n, int rounds) throws Exception {
        Map<Integer, StringBuilder> table = new HashMap<>();
        for (int i = 0; i < rounds; i++) {
            table.computeIfAbsent((i * 7919 + n) % 3001, k -> new StringBuilder()).append(n);
            if (i % 13 == 0) table.remove(i % 3001);
        }
        byte[] text = new TreeMap<>(table).toString().getBytes("UTF-8");
        Deflater deflater = new Deflater(6);
        deflater.setInput(text);
        deflater.finish();
        byte[] packed = new byte[text.length + 1000];
        int length = deflater.deflate(packed);
        deflater.end();
        Inflater inflater = new Inflater();
        inflater.setInput(packed, 0, length);
        byte[] again = new byte[text.length];
        int restored = inflater.inflate(again);
        inflater.end();
        List<ByteBuffer> buffers = new ArrayList<>();
        long sum = 0;
        for (int i = 0; i < 200; i++) {
            ByteBuffer buffer = ByteBuffer.allocateDirect((i * 997) % 60000 + 8);
            buffer.putLong(0, i);
            buffers.add(buffer);
            sum += buffers.get(i / 2).getLong(0);
        }
        return n + " " + table.size() + " " + digest(again) + " " + (restored == text.length) + " " + sum;
    }

    public static void main(String[] arguments) throws Exception {
        int rounds = arguments.length > 0 ? 3000 : 60000;
        ExecutorService pool = Executors.newFixedThreadPool(8);
        List<Future<String>> futures = new ArrayList<>();
        for (int n = 0; n < 16; n++) {
            final int k = n;
            futures.add(pool.submit(() -> job(k, rounds)));
        }
        for (Future<String> future : futures) System.out.println(future.get());
        pool.shutdown();
        System.out.println(IntStream.range(0, rounds).parallel().mapToObj(Integer::toString).collect(Collectors.joining()).length());
        for (int i = 0; i < 100; i++) {
            Thread thread = new Thread(() -> { byte[] bytes = new byte[1000]; bytes[0] = 1; });
            thread.start();
            thread.join();
        }
        Process child = new ProcessBuilder("echo", "child").inheritIO().start();
        System.out.println(child.waitFor());
    }
}
