package tripline.peers;

import java.util.List;

/** A peer with its rules deployed, before the first event. */
interface Peer extends AutoCloseable {
    /** Runs events through the rules in order, and feeds no more when the deadline (of System.nanoTime) has passed. */
    Outcome run(List<Event> events, long deadline) throws Exception;

    @Override
    default void close() {}

    /** How many events were fed, what they gave, and how long it took from the first one on. */
    record Outcome(long events, long matches, double seconds) {}

    /** How many events are fed between two looks at the clock, a power of two. */
    int STRETCH = 256;

    static boolean isOver(int fed, long deadline) {
        return fed % STRETCH == 0 && System.nanoTime() - deadline > 0;
    }
}
