package tripline.peers;

import java.util.ArrayList;
import java.util.List;

/** The queries that one peer has, each in the forms that a user would write. */
interface Suite {
    /** The peer, with its version. */
    String title();

    /** What there is. */
    List<Entry> entries();

    /** Makes a query's rules ready for events that start at a time. */
    interface Maker {
        Peer make(long startMs) throws Exception;
    }

    /** {@code plain}: as the manual suggests first; {@code best}: by somebody who knows the engine well. */
    record Entry(String query, String form, String text, Maker maker) {}

    static Entry find(Suite suite, String query, String form) {
        for (Entry entry : suite.entries()) {
            if (entry.query().equals(query) && entry.form().equals(form)) {
                return entry;
            }
        }
        throw new IllegalArgumentException("no '" + query + "' in the form '" + form + "' for " + suite.title());
    }

    /** Entries under construction. */
    final class Entries {
        final List<Entry> list = new ArrayList<>();

        void add(String query, String form, String text, Maker maker) {
            list.add(new Entry(query, form, text, maker));
        }
    }
}
