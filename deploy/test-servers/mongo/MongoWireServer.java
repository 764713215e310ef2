import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import java.util.List;

/**
 * A server for the tests that speaks MongoDB's wire protocol and keeps its data in one H2 file.
 * Usage: MongoWireServer PORT FILE. Why this one: docs/decisions/0005-mongodb-stand-in.md.
 */
public final class MongoWireServer {

    /** The library calls itself 4.2 (wire version 8) or less; pymongo wants a server that is not past support. */
    private enum Version implements MongoVersion {
        FIVE;

        @Override
        public List<Integer> getVersionArray() {
            return List.of(5, 0, 0);
        }

        @Override
        public int getWireVersion() {
            return 13;
        }
    }

    public static void main(String[] arguments) {
        int port = Integer.parseInt(arguments[0]);
        String file = arguments[1];
        MongoServer server = new MongoServer(new H2Backend(file).version(Version.FIVE));
        // H2 writes behind: only this orderly stop puts every acknowledged write on disk.
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
        server.bind("127.0.0.1", port);
    }
}
