import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.handler.ContextHandler;
import software.amazon.dynamodb.services.local.server.LocalDynamoDBRequestHandler;
import software.amazon.dynamodb.services.local.server.LocalDynamoDBServerHandler;

/**
 * DynamoDB Local on one port of the loopback interface.
 *
 * <p>Its own main class binds all interfaces and has no option against that, and it reports its use
 * over the network; this one does neither.
 */
public final class LoopbackServer {
    private LoopbackServer() {}

    public static void main(String[] arguments) throws Exception {
        int port = Integer.parseInt(arguments[0]);
        boolean inMemory = true;
        boolean sharedDb = true;
        boolean delayTransientStatuses = false;
        // The first argument is a port that this handler only remembers.
        var requests =
                new LocalDynamoDBRequestHandler(
                        port, inMemory, null, sharedDb, delayTransientStatuses);
        var server = new Server(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        server.setHandler(new ContextHandler(new LocalDynamoDBServerHandler(requests, null), "/"));
        try {
            server.start();
        } catch (Exception failure) {
            failure.printStackTrace();
            System.exit(1);
        }
        server.join();
    }
}
