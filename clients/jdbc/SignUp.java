import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.UUID;
import org.postgresql.util.PSQLException;

/** The service that signs customers up: link_visitor inside its transaction, never at the price of the sign-up. */
final class SignUp {
    public static void main(String[] args) throws Exception {
        try (Connection db = Client.connect("starchat")) {
            String browser = "sid-" + UUID.randomUUID();
            String customer = "customer-" + UUID.randomUUID();
            signUp(db, customer, browser);
            Client.same("the browser is linked", browser, linked(db, customer));

            // A browser that sends nonsense must not cost a customer.
            String other = "customer-" + UUID.randomUUID();
            signUp(db, other, "no id!");
            Client.check("the customer is there", exists(db, other));
            Client.same("without a browser", null, linked(db, other));
            Client.same("what was logged", "22023", logged);

            errors(db, customer);
            rollsBack(db);
            autosave();
            later(db, customer);
            Client.done("JDBC: sign-ups");
        }
    }

    private static String logged;

    private static void signUp(Connection db, String customer, String browser) throws SQLException {
        db.setAutoCommit(false);
        try (PreparedStatement insert = db.prepareStatement("INSERT INTO public.customers_registry (id, created_at) VALUES (?, now())")) {
            insert.setString(1, customer);
            insert.executeUpdate();

            Savepoint before = db.setSavepoint();
            try (PreparedStatement link = db.prepareStatement("SELECT mrcall.link_visitor(?, ?)")) {
                link.setString(1, customer);
                link.setString(2, browser);
                link.execute();
                db.releaseSavepoint(before);
            } catch (PSQLException e) {
                db.rollback(before);
                log(e);
            }
            db.commit();
        } catch (SQLException e) {
            db.rollback();
            throw e;
        } finally {
            db.setAutoCommit(true);
        }
    }

    private static void log(PSQLException e) {
        var error = e.getServerErrorMessage();
        System.err.println(error.getSQLState() + ": " + error.getMessage() + " (" + error.getHint() + ")");
        logged = error.getSQLState();
    }

    private static String linked(Connection db, String customer) throws SQLException {
        try (PreparedStatement read = db.prepareStatement("SELECT document ->> 'website_session_id' FROM public.customers_registry WHERE id = ?")) {
            read.setString(1, customer);
            try (ResultSet row = read.executeQuery()) {
                return row.next() ? row.getString(1) : null;
            }
        }
    }

    private static boolean exists(Connection db, String customer) throws SQLException {
        try (PreparedStatement read = db.prepareStatement("SELECT 1 FROM public.customers_registry WHERE id = ?")) {
            read.setString(1, customer);
            try (ResultSet row = read.executeQuery()) {
                return row.next();
            }
        }
    }

    /** SQLSTATE and hint of what can go wrong. */
    private static void errors(Connection db, String customer) throws Exception {
        String[][] faults = {
            {"P0002", "nobody", "browser-0001"},
            {"22023", customer, "short"},
            {"22004", customer, null},
            {"22004", null, "browser-0001"},
        };
        for (String[] fault : faults) {
            var error = Client.error("link_visitor(" + fault[1] + ", " + fault[2] + ")", fault[0], () -> {
                try (PreparedStatement link = db.prepareStatement("SELECT mrcall.link_visitor(?, ?)")) {
                    link.setString(1, fault[1]);
                    link.setString(2, fault[2]);
                    link.execute();
                }
            });
            Client.check("a hint: " + error, error.getHint() != null && !error.getHint().isEmpty());
        }
        Client.error("a role reads what it was not granted", "42501", () -> db.createStatement().executeQuery("SELECT * FROM mrcall.calls"));
        Client.error("and runs what it was not granted", "42501", () -> {
            try (CallableStatement retention = db.prepareCall("CALL mrcall.apply_session_retention(?)")) {
                retention.setBoolean(1, false);
                retention.execute();
            }
        });
    }

    /** What is rolled back is not linked. */
    private static void rollsBack(Connection db) throws Exception {
        String customer = "customer-" + UUID.randomUUID();
        db.setAutoCommit(false);
        db.createStatement().execute("INSERT INTO public.customers_registry (id, created_at) VALUES ('" + customer + "', now())");
        db.createStatement().execute("SELECT mrcall.link_visitor('" + customer + "', 'browser-0001')");
        Client.same("within the transaction it is there", "browser-0001", linked(db, customer));
        db.rollback();
        db.setAutoCommit(true);
        Client.check("a rolled back sign-up is there", !exists(db, customer));
    }

    /** The driver's own savepoints: autosave=always. */
    private static void autosave() throws Exception {
        try (Connection db = Client.connect("starchat", "autosave=always")) {
            String customer = "customer-" + UUID.randomUUID();
            db.setAutoCommit(false);
            db.createStatement().execute("INSERT INTO public.customers_registry (id, created_at) VALUES ('" + customer + "', now())");
            Client.error("a link that fails", "22023", () -> db.createStatement().execute("SELECT mrcall.link_visitor('" + customer + "', '?')"));
            db.commit();
            Client.check("the sign-up goes on", exists(db, customer));
        }
    }

    /** At each login: nothing is written where nothing is new, and a second browser is added. */
    private static void later(Connection db, String customer) throws Exception {
        String before = version(db, customer);
        db.createStatement().execute("SELECT mrcall.link_visitor('" + customer + "', '" + linked(db, customer) + "')");
        Client.same("the row is the same one", before, version(db, customer));
        db.createStatement().execute("SELECT mrcall.link_visitor('" + customer + "', 'browser-of-the-office')");
        Client.same("the browser seen last", "browser-of-the-office", linked(db, customer));
        db.createStatement().execute("SELECT mrcall.unlink_visitor('" + customer + "', 'browser-of-the-office')");
        Client.check("the other one again", linked(db, customer).startsWith("sid-"));
    }

    private static String version(Connection db, String customer) throws SQLException {
        try (PreparedStatement read = db.prepareStatement("SELECT xmin || ' ' || ctid FROM public.customers_registry WHERE id = ?")) {
            read.setString(1, customer);
            try (ResultSet row = read.executeQuery()) {
                row.next();
                return row.getString(1);
            }
        }
    }
}
