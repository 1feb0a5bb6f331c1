// JSSE as a peer of the interop matrix; what it is told, and what it answers: README.md.
import java.io.*;
import java.net.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.security.*;
import java.security.cert.*;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.*;
import javax.net.ssl.*;

public class Peer {
    static final int PIECE = 16_384;
    static final char[] NO_PASSWORD = {};

    public static void main(String[] args) throws Exception {
        var lines = new BufferedReader(new InputStreamReader(System.in));
        for (var line = lines.readLine(); line != null; line = lines.readLine()) {
            var words = line.split(" ");
            var order = new HashMap<String, String>();
            for (var word : words) {
                var at = word.indexOf('=');
                if (at > 0) order.put(word.substring(0, at), word.substring(at + 1));
            }
            try {
                System.out.println(words[0].equals("serve") ? serve(order) : connect(order));
            } catch (Exception error) {
                System.out.println("error " + String.valueOf(error).replace('\n', ' '));
            }
        }
        System.exit(0);
    }

    static String serve(Map<String, String> order) throws Exception {
        var factory = context(order).getServerSocketFactory();
        var listener = (SSLServerSocket) factory.createServerSocket(0, 8, InetAddress.getLoopbackAddress());
        var parameters = listener.getSSLParameters();
        configure(parameters, order);
        parameters.setNeedClientAuth(order.containsKey("auth"));
        listener.setSSLParameters(parameters);
        new Thread(() -> {
            while (true) {
                try {
                    var socket = (SSLSocket) listener.accept();
                    new Thread(() -> echo(socket)).start();
                } catch (IOException error) {
                    return;
                }
            }
        }).start();
        return "serving " + listener.getLocalPort();
    }

    static void echo(SSLSocket socket) {
        try (socket) {
            socket.getInputStream().transferTo(socket.getOutputStream());
        } catch (IOException error) {
            System.out.println("server-error " + error);
        }
    }

    static String connect(Map<String, String> order) throws Exception {
        var context = context(order);
        var answer = "";
        for (var left = Integer.parseInt(order.getOrDefault("times", "1")); left > 0; left--) {
            answer = once(order, context);
        }
        return answer;
    }

    static String once(Map<String, String> order, SSLContext context) throws Exception {
        var began = System.currentTimeMillis();
        var plain = new Socket(InetAddress.getLoopbackAddress(), Integer.parseInt(order.get("port")));
        try (var socket = (SSLSocket) context.getSocketFactory()
                .createSocket(plain, "server.example", plain.getPort(), true)) {
            var parameters = socket.getSSLParameters();
            configure(parameters, order);
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            var staples = ((ExtendedSSLSession) socket.getHandshakeSession() == null
                    ? (ExtendedSSLSession) socket.getSession() : (ExtendedSSLSession) socket.getHandshakeSession())
                    .getStatusResponses();
            var input = new DataInputStream(socket.getInputStream());
            var total = Integer.parseInt(order.get("bytes"));
            for (var done = 0; done < total;) {
                var sent = new byte[Math.min(PIECE, total - done)];
                for (var i = 0; i < sent.length; i++) sent[i] = (byte) ((done + i) * 7L % 251);
                socket.getOutputStream().write(sent);
                var got = new byte[sent.length];
                input.readFully(got);
                if (!Arrays.equals(sent, got)) throw new IOException("what came back is not what was sent");
                done += sent.length;
            }
            // A session that began before this connection is one that was resumed.
            var resumed = socket.getSession().getCreationTime() < began ? 1 : 0;
            socket.shutdownOutput();
            var clean = 0;
            try {
                clean = input.read() < 0 ? 1 : 0;
            } catch (SSLException error) {
                clean = 0;
            }
            return "ok version=" + socket.getSession().getProtocol().substring(4)
                    + " alpn=" + socket.getApplicationProtocol() + " resumed=" + resumed + " clean=" + clean
                    + " ocsp=" + (staples.isEmpty() ? 0 : staples.get(0).length);
        }
    }

    static void configure(SSLParameters parameters, Map<String, String> order) {
        var version = order.get("version");
        parameters.setProtocols(
                version == null ? new String[] {"TLSv1.3", "TLSv1.2"} : new String[] {"TLSv" + version});
        if (order.containsKey("alpn")) parameters.setApplicationProtocols(new String[] {order.get("alpn")});
    }

    static SSLContext context(Map<String, String> order) throws Exception {
        var trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, NO_PASSWORD);
        var count = 0;
        for (var root : certificates(order.get("roots"))) trusted.setCertificateEntry("root" + count++, root);
        var trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(trusted);
        X509ExtendedKeyManager[] managers = null;
        if (order.containsKey("cert")) managers = new X509ExtendedKeyManager[] {new Always(order)};
        var context = SSLContext.getInstance("TLS");
        context.init(managers, trust.getTrustManagers(), null);
        return context;
    }

    static List<X509Certificate> certificates(String path) throws Exception {
        var found = new ArrayList<X509Certificate>();
        try (var input = Files.newInputStream(Path.of(path))) {
            for (var one : CertificateFactory.getInstance("X.509").generateCertificates(input)) {
                found.add((X509Certificate) one);
            }
        }
        return found;
    }

    /** Shows its certificate whatever authorities the other side names: refusing it is that side's part. */
    static class Always extends X509ExtendedKeyManager {
        final X509Certificate[] chain;
        final PrivateKey key;

        Always(Map<String, String> order) throws Exception {
            chain = certificates(order.get("cert")).toArray(new X509Certificate[0]);
            var text = Files.readString(Path.of(order.get("key"))).replaceAll("-----[A-Z ]+-----|\\s", "");
            var bytes = Base64.getDecoder().decode(text.getBytes(StandardCharsets.US_ASCII));
            key = KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(bytes));
        }

        String forKind(String kind) {
            return kind.startsWith("EC") ? "own" : null;
        }

        public String[] getClientAliases(String kind, Principal[] issuers) { return new String[] {"own"}; }
        public String[] getServerAliases(String kind, Principal[] issuers) { return new String[] {"own"}; }
        public X509Certificate[] getCertificateChain(String alias) { return chain; }
        public PrivateKey getPrivateKey(String alias) { return key; }
        public String chooseServerAlias(String kind, Principal[] issuers, Socket socket) { return forKind(kind); }
        public String chooseClientAlias(String[] kinds, Principal[] issuers, Socket socket) {
            for (var kind : kinds) if (forKind(kind) != null) return "own";
            return null;
        }
    }
}
